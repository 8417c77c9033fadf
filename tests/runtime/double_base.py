"""A base process whose DAG files are plain modules: a function a task."""
import importlib.util, sys
from pathlib import Path
from datetime import UTC, datetime
from scheduler.runtime.child.attempt_process import UserCode
from scheduler.runtime.child.root import serve_supervisor as main
from scheduler.wire import Outcome, DagSpec
from scheduler.runtime.child.blame import blame

def load(root, file, reader):
    spec = importlib.util.spec_from_file_location("dagfile", f"{root}/{file}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {"d": module}

def perform(dag, job, channel, clock):
    try:
        value = getattr(dag, job.task_id)(channel)
    except BaseException as e:
        return Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="failed", error=blame(e, job.code_root), reason=str(e))
    return Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="success", xcoms={"return_value": value})

def describe(dag, file):
    return DagSpec(dag_id="d", file=file)
CODE = UserCode(load, describe, perform, (sys.executable, str(Path(__file__).with_name("double_fresh.py"))))
if __name__ == "__main__":
    main(CODE)
