"""What a supervisor executes: `python -m scheduler.runtime.child.base_process CONTROL_FD`."""

from scheduler.runtime.child.root import serve_supervisor
from scheduler.runtime.child.user_code import USER_CODE

if __name__ == "__main__":
    serve_supervisor(USER_CODE)
