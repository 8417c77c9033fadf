"""Where the processes of this package meet the sdk: load a file, describe a DAG, perform a job."""

import sys
from typing import Final

from scheduler.operators import bash, empty, python, taskflow
from scheduler.runtime.child.attempt import perform
from scheduler.runtime.child.attempt_process import UserCode
from scheduler.runtime.child.loading import load_file
from scheduler.runtime.child.rehearsal import rehearse
from scheduler.sdk.serialize import to_spec

#: Loaded here once, so that no preloader has to.
PRELOADED: Final = (bash, empty, python, taskflow)

USER_CODE: Final = UserCode(
    load=load_file,
    describe=to_spec,
    perform=perform,
    rehearse=lambda: rehearse(perform),
    fresh_command=(sys.executable, "-m", "scheduler.runtime.child.fresh_attempt"),
)
