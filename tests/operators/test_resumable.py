"""Operators that find the job again that an earlier attempt has submitted."""

from typing import ClassVar

import pytest

from scheduler import DAG, BaseOperator, ResumableJobMixin
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import attempt


class Job(ResumableJobMixin, BaseOperator):
    """Its system is the class: jobs and how each of them is."""

    jobs: ClassVar[dict[str, str]] = {}
    becomes = "done"

    def execute(self, context):
        return self.execute_resumable(context)

    def submit_job(self, context):
        job_id = f"job-{len(self.jobs) + 1}"
        self.jobs[job_id] = "running"
        return job_id

    def get_job_status(self, external_id, context):
        return self.jobs[external_id]

    def is_job_active(self, status):
        return status == "running"

    def is_job_succeeded(self, status):
        return status == "done"

    def poll_until_complete(self, external_id, context):
        if self.becomes == "dies":
            raise RuntimeError("cut off")
        self.jobs[external_id] = self.becomes

    def get_job_result(self, external_id, context):
        return f"of {external_id}"


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(Job, "jobs", {})
    channel = LocalChannel("d", {}, {})

    def once(becomes="done", **arguments):
        monkeypatch.setattr(Job, "becomes", becomes)
        with DAG("d") as dag:
            Job(task_id="a", **arguments)
        return attempt(dag, channel)

    return once


def test_a_job_that_still_runs_is_waited_for_and_not_submitted_again(run):
    assert run("dies").state == "failed"
    assert run().xcoms == {"return_value": "of job-1"}
    assert Job.jobs == {"job-1": "done"}


def test_the_result_of_a_job_that_has_succeeded_is_taken(run):
    run("dies")
    Job.jobs["job-1"] = "done"
    assert run("dies").xcoms == {"return_value": "of job-1"}


def test_a_job_that_has_failed_is_submitted_again(run):
    run("dies")
    Job.jobs["job-1"] = "failed"
    assert run().xcoms == {"return_value": "of job-2"}
    assert run("dies").xcoms == {"return_value": "of job-2"}


def test_a_job_that_is_not_durable_is_submitted_at_each_attempt(run):
    run("dies", durable=False)
    assert run(durable=False).xcoms == {"return_value": "of job-2"}
