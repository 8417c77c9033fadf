"""Setups and teardowns through the real loop: how their run ends, and what runs again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.core.ids import TaskKey
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.wire import GroupSpec, MapSpec
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


def again(engine, *tasks):
    request = RerunRequest(dag_id="orders", run_id="first", tasks=tasks)
    preview = engine.db.transact(lambda session: rerun(session, engine.now, request, actor="test"))
    return [f"{each.task_id}[{each.path}]" if each.path else each.task_id for each in preview.tasks]


def test_a_task_in_the_middle_runs_again_after_its_setup_and_before_its_teardown(engine):
    drop = task("drop", "make", "last", role="teardown", trigger_rule="all_done_setup_success")
    engine.define(spec(task("make", role="setup"), task("first", "make"), task("last", "first"), drop))
    run = engine.trigger(run_id="first")
    go_on(engine)
    for chosen in ("first", "last"):
        assert again(engine, chosen) == ["make", chosen, "drop"]
        begun = []
        while engine.run_state(run) != "success":
            while engine.advance():
                pass
            claims = engine.claim()
            begun.append([each.task_id for each in claims])
            for claim in claims:
                engine.report(claim)
        assert [each for each in begun if each] == [["make"], [chosen], ["drop"]]


def test_in_a_mapped_group_the_setup_of_the_same_index_runs_again(engine):
    inside = [replace(each, group_id="g") for each in framed().tasks]
    group = GroupSpec(group_id="g", mapping=MapSpec(factors=(2,)))
    engine.define(spec(*inside, groups=(group,)))
    run = engine.trigger(run_id="first")
    go_on(engine)
    assert engine.run_state(run) == "success"
    assert again(engine, TaskKey("work", "1")) == ["make[1]", "work[1]", "drop[1]"]
    go_on(engine)
    assert engine.run_state(run) == "success"


def test_failed_work_runs_again_with_its_setup_and_teardown(engine):
    run = run_with(engine, {"work"})
    request = RerunRequest(dag_id="orders", run_id="first", only_failed=True)
    preview = engine.db.transact(lambda session: rerun(session, engine.now, request, actor="test"))
    assert [each.task_id for each in preview.tasks] == ["make", "work", "drop"]
    go_on(engine)
    assert engine.run_state(run) == "success"
