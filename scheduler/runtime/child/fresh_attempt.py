"""What a fresh interpreter executes for one attempt: `python -m … CHANNEL_FD STDOUT_FD STDERR_FD`."""

from typing import NoReturn

from scheduler.runtime.child.attempt_process import run_fresh_attempt
from scheduler.runtime.child.user_code import USER_CODE


def run() -> NoReturn:
    """Run the attempt that the arguments describe."""
    run_fresh_attempt(USER_CODE)


if __name__ == "__main__":
    run()
