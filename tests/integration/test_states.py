"""What a task keeps outlives its attempts: a job of another system is found again, and not submitted twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.integration.waiting import eventually

#: Another system: it takes jobs that are asked for, and ends them once the gate is open.
SYSTEM = """
import pathlib, time
folder = pathlib.Path("{folder}")
while True:
    for asked in sorted(folder.glob("*.asked")):
        asked.rename(asked.with_suffix(".running"))
        with (folder / "ledger").open("a") as ledger:
            print(asked.stem, file=ledger)
    for running in sorted(folder.glob("*.running")):
        if (folder / "gate").exists():
            running.rename(running.with_suffix(".done"))
    time.sleep(0.02)
"""
FILE = """
import os, pathlib, time
from scheduler import DAG, BaseOperator, ResumableJobMixin

FOLDER = pathlib.Path("{folder}")

class Job(ResumableJobMixin, BaseOperator):
    def execute(self, context):
        return self.execute_resumable(context)

    def submit_job(self, context):
        job_id = f"job-{{context['ti'].try_number}}"
        (FOLDER / f"{{job_id}}.asked").touch()
        return job_id

    def get_job_status(self, external_id, context):
        return next(FOLDER.glob(f"{{external_id}}.*")).suffix[1:]

    def is_job_active(self, status):
        return status in ("asked", "running")

    def is_job_succeeded(self, status):
        return status == "done"

    def poll_until_complete(self, external_id, context):
        print("polls, below", os.getppid(), flush=True)
        while self.is_job_active(self.get_job_status(external_id, context)):
            time.sleep(0.02)

    def get_job_result(self, external_id, context):
        return external_id

with DAG("resumes", schedule=None):
    Job(task_id="job", retries=0)
"""


@pytest.fixture
def system(tmp_path):
    """The folder of another system, which runs in a process of its own."""
    process = subprocess.Popen([sys.executable, "-S", "-E", "-c", SYSTEM.format(folder=tmp_path)])
    yield tmp_path
    process.kill()
    process.wait()


def test_after_a_loss_the_job_is_found_again_without_a_retry(embedded, system):
    embedded.write("resumes.py", FILE.format(folder=system))
    run = embedded.trigger("resumes").until_task("job", "running")
    eventually(lambda: "polls, below" in run.log("job"), told=embedded.told)
    eventually((system / "ledger").exists, told=embedded.told)
    parent = run.log("job").partition("polls, below ")[2].split()[0]
    os.kill(int(parent), signal.SIGKILL)
    eventually(lambda: "Job job-1 still goes on (running)" in run.log("job"), told=embedded.told)
    (system / "gate").touch()
    run.until()
    lost, again = run.attempts("job")
    assert (lost.state, again.state) == ("lost", "success")
    assert (system / "ledger").read_text().split() == ["job-1"]
    said = embedded.dirigent("tasks", "state", "get", "resumes", run.run_id, "job", "remote_job_id")
    assert said.stdout == '"job-1"\n'
