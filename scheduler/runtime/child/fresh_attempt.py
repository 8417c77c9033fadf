"""What a fresh interpreter executes for one attempt: `python -m … CHANNEL_FD STDOUT_FD STDERR_FD MEMORY_BYTES`."""

from scheduler.runtime.child.attempt_process import run_fresh_attempt
from scheduler.runtime.child.user_code import USER_CODE

if __name__ == "__main__":
    run_fresh_attempt(USER_CODE)
