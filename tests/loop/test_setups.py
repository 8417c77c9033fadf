"""Setups and teardowns through the real loop: how their run ends, and what runs again."""

from __future__ import annotations

import pytest

from scheduler.operations.rerun import RerunRequest, rerun
from tests.loop.engine import spec, task


def framed(role="teardown", **fields):
    return spec(
        task("make", role="setup"),
        task("work", "make"),
        task("drop", "make", "work", role=role, trigger_rule="all_done_setup_success"),
        **fields,
    )


def run_with(engine, failing, **fields):
    """Run once; these tasks fail."""
    engine.define(framed(**fields))
    run = engine.trigger(run_id="first")
    go_on(engine, failing)
    return run


def go_on(engine, failing=()):
    while True:
        while engine.advance():
            pass
        if not (claims := engine.claim()):
            return
        for claim in claims:
            engine.report(claim, state="failed" if claim.task_id in failing else "success")


@pytest.mark.parametrize("fail_fast", [False, True])
def test_failed_work_fails_the_run_and_is_taken_down(engine, fail_fast):
    run = run_with(engine, {"work"}, fail_fast=fail_fast)
    assert engine.states(run) == {"make": "success", "work": "failed", "drop": "success"}
    assert engine.run_state(run) == "failed"


@pytest.mark.parametrize(("role", "state"), [("teardown", "success"), ("deciding teardown", "failed")])
def test_a_failed_teardown_fails_the_run_only_where_it_says_so(engine, role, state):
    run = run_with(engine, {"drop"}, role=role)
    assert engine.run_state(run) == state


def test_failed_work_runs_again_with_its_setup_and_teardown(engine):
    run = run_with(engine, {"work"})
    request = RerunRequest(dag_id="orders", run_id="first", only_failed=True)
    preview = engine.db.transact(lambda session: rerun(session, engine.now, request, actor="test"))
    assert [each.task_id for each in preview.tasks] == ["make", "work", "drop"]
    go_on(engine)
    assert engine.run_state(run) == "success"
