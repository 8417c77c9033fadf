"""Runs with looped tasks: one iteration after the other, the newest of which stands for them all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from scheduler.core.ids import TaskKey
from scheduler.operations.explain import explain_task
from scheduler.operations.mark import mark_task
from scheduler.operations.rerun import RerunRequest, preview_rerun, rerun
from scheduler.store.leaders import take_lead
from scheduler.store.tables import xcom
from scheduler.wire import GroupSpec, LoopSpec, MapSpec
from tests.loop.engine import WAYS, spec, task
from tests.loop.test_mapped import rows

LOOP = LoopSpec(max_iterations=3)


@pytest.fixture(params=WAYS)
def anyhow(engine, request):
    """Whoever plans what follows on a report."""
    engine.hands_on = request.param
    return engine


def start(engine, *tasks, groups=(), **fields):
    engine.define(spec(*tasks, groups=groups, wire_version=7, **fields))
    run = engine.trigger(run_id=fields.pop("run_id", None) or "first", logical_date=engine.now)
    engine.advance()
    return run


def end(engine, task_id, *, is_again=False, path=None, **outcome):
    """Claim what waits, end the iteration of a task, and leave the others running."""
    claims = [each for each in engine.claim(limit=100) if each.task_id == task_id]
    mine = [each for each in claims if path in (None, each.path)]
    assert mine, f"{task_id} does not run"
    engine.report(*mine, is_again=is_again, **({"xcoms": {"return_value": 7}} | outcome))
    engine.advance()


def clear(engine, *tasks, **how):
    request = RerunRequest(dag_id="orders", run_id="first", tasks=tasks, **how)
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="me"))
    engine.advance()


def test_each_iteration_is_an_instance_made_when_the_one_before_has_ended(anyhow):
    run = start(anyhow, task("poll", loop=LOOP), task("after", "poll"))
    assert rows(anyhow, run) == {"poll[0]": "queued", "after": "none"}
    end(anyhow, "poll", is_again=True)
    assert rows(anyhow, run) == {"poll[0]": "success", "poll[1]": "queued", "after": "none"}
    end(anyhow, "poll")
    assert rows(anyhow, run) == {"poll[0]": "success", "poll[1]": "success", "after": "queued"}
    end(anyhow, "after")
    assert anyhow.run_state(run) == "success"


@pytest.mark.parametrize(
    ("state", "rule", "becomes"),
    [
        ("failed", "all_failed", "queued"),
        ("failed", "one_success", "upstream_failed"),
        ("skipped", "all_success", "skipped"),
    ],
)
def test_trigger_rules_downstream_see_the_loop_as_one(engine, state, rule, becomes):
    run = start(engine, task("poll", loop=LOOP), task("after", "poll", trigger_rule=rule))
    end(engine, "poll", is_again=True)
    end(engine, "poll", state=state, retryable=False)
    assert rows(engine, run)["after"] == becomes


def test_an_iteration_that_fails_is_tried_again_by_itself(engine):
    run = start(engine, task("poll", loop=LOOP, retries=1, retry_delay_s=0.0))
    end(engine, "poll", is_again=True)
    end(engine, "poll", state="failed")
    engine.advance()
    assert rows(engine, run) == {"poll[0]": "success", "poll[1]": "queued"}
    end(engine, "poll")
    assert engine.attempts(run) == [
        ("poll", 1, "success"),
        ("poll", 1, "failed"),
        ("poll", 2, "success"),
    ]
    assert engine.run_state(run) == "success"


def test_a_run_whose_loop_failed_in_the_end_failed(engine):
    run = start(engine, task("poll", loop=LOOP))
    end(engine, "poll", is_again=True)
    end(engine, "poll", state="failed", retryable=False)
    assert engine.run_state(run) == "failed"
    assert engine.reason(run) == "failed: poll"


def test_no_more_iterations_are_made_than_the_file_allows_whatever_an_attempt_says(engine):
    run = start(engine, task("poll", loop=LoopSpec(max_iterations=2)), task("plain"))
    engine.run_to_end(is_again=True)
    assert set(rows(engine, run)) == {"poll[0]", "poll[1]", "plain"}
    assert engine.run_state(run) == "success"


def test_an_attempt_that_is_lost_is_made_again_and_its_late_report_begins_nothing(anyhow):
    run = start(anyhow, task("poll", loop=LOOP))
    (late,) = anyhow.claim()
    anyhow.kill("w1")
    anyhow.advance()
    assert anyhow.report(late, is_again=True)
    assert set(rows(anyhow, run)) == {"poll[0]"}
    anyhow.worker("w2")
    anyhow.advance()
    (again,) = anyhow.claim("w2")
    assert (again.path, again.try_number) == ("0", 2)
    anyhow.report(again, is_again=True)
    anyhow.advance()
    assert rows(anyhow, run) == {"poll[0]": "success", "poll[1]": "queued"}


def loops_thrice(engine):
    run = start(engine, task("poll", loop=LOOP), task("after", "poll"))
    for is_again in (True, True, False):
        end(engine, "poll", is_again=is_again)
    end(engine, "after")
    assert engine.run_state(run) == "success"
    return run


def values(engine, run):
    query = sa.select(xcom.c.path).where(xcom.c.run_pk == run, xcom.c.task_id == "poll")
    with engine.db.read() as session:
        return sorted(session.execute(query).scalars())


def test_an_iteration_that_is_cleared_takes_the_later_ones_away(engine):
    run = loops_thrice(engine)
    clear(engine, TaskKey("poll", "1"))
    assert rows(engine, run) == {
        "poll[0]": "success",
        "poll[1]": "queued",
        "poll[2]": "removed",
        "after": "success",
    }
    assert values(engine, run) == ["0"]
    end(engine, "poll")
    assert rows(engine, run)["poll[2]"] == "removed"
    assert engine.run_state(run) == "success"


def test_a_later_iteration_comes_back_with_the_attempts_that_it_had(anyhow):
    run = loops_thrice(anyhow)
    clear(anyhow, TaskKey("poll", "1"), downstream=True)
    assert rows(anyhow, run)["after"] == "none"
    end(anyhow, "poll", is_again=True)
    end(anyhow, "poll")
    end(anyhow, "after")
    assert set(rows(anyhow, run).values()) == {"success"}
    assert [each for each in anyhow.attempts(run) if each[0] == "poll"] == [
        *(("poll", 1, "success"),) * 3,
        *(("poll", 2, "success"),) * 2,
    ]


def test_a_loop_that_is_cleared_as_a_whole_begins_anew(engine):
    run = loops_thrice(engine)
    with engine.db.read() as session:
        request = RerunRequest(dag_id="orders", run_id="first", tasks=("poll",))
        assert [(each.task_id, each.path) for each in preview_rerun(session, request).tasks] == [
            ("poll", "0")
        ]
    clear(engine, "poll")
    assert rows(engine, run)["poll[0]"] == "queued"
    assert rows(engine, run)["poll[1]"] == rows(engine, run)["poll[2]"] == "removed"
    assert values(engine, run) == []


def test_of_what_failed_only_the_last_iteration_runs_again(engine):
    run = start(engine, task("poll", loop=LOOP), task("after", "poll"))
    end(engine, "poll", is_again=True)
    end(engine, "poll", state="failed", retryable=False)
    clear(engine, only_failed=True)
    assert rows(engine, run) == {"poll[0]": "success", "poll[1]": "queued", "after": "none"}


def test_who_clears_an_iteration_while_a_later_one_runs_stops_that(engine):
    run = start(engine, task("poll", loop=LOOP))
    end(engine, "poll", is_again=True)
    (running,) = engine.claim()
    clear(engine, TaskKey("poll", "0"))
    assert rows(engine, run) == {"poll[0]": "queued", "poll[1]": "removed"}
    engine.report(running, is_again=True)
    engine.advance()
    assert rows(engine, run) == {"poll[0]": "queued", "poll[1]": "removed"}


def test_who_marks_the_running_iteration_ends_the_loop(engine):
    run = start(engine, task("poll", loop=LOOP), task("after", "poll"))
    end(engine, "poll", is_again=True)
    engine.db.transact(
        lambda session: mark_task(
            session, engine.now, "orders", "first", "poll", to="success", path="1", actor="me"
        )
    )
    engine.advance()
    assert rows(engine, run) == {"poll[0]": "success", "poll[1]": "success", "after": "queued"}


def test_a_task_that_waits_for_a_loop_says_so(engine):
    start(engine, task("poll", loop=LOOP), task("after", "poll"))
    end(engine, "poll", is_again=True)
    engine.db.transact(lambda session: take_lead(session, "scheduler", "me", 60.0))
    with engine.db.read() as session:
        words = explain_task(session, "orders", "first", "after")
    assert any("Waits for poll" in each for each in words)


def test_a_loop_in_each_instance_of_a_mapped_task_and_group_goes_its_own_way(anyhow):
    groups = (GroupSpec(group_id="g", mapping=MapSpec(arguments=("x",), factors=(2,))),)
    run = start(
        anyhow,
        task("each", mapping=MapSpec(arguments=("x",), factors=(2,)), loop=LOOP),
        task("g.poll", group_id="g", loop=LOOP),
        task("g.after", "g.poll", group_id="g"),
        task("last", "each", "g.after"),
        groups=groups,
    )
    end(anyhow, "each", is_again=True, path="0.0")
    assert {name for name in rows(anyhow, run) if name.startswith("each")} == {
        "each[0.0]",
        "each[0.1]",
        "each[1.0]",
    }
    anyhow.kill("w1")
    anyhow.worker("w1")
    anyhow.run_to_end()
    assert set(rows(anyhow, run).values()) == {"success"}
    assert {"g.after[0]", "g.after[1]", "g.poll[1.0]", "last"} <= set(rows(anyhow, run))


def test_a_loop_over_what_is_known_only_later_begins_once_for_each_instance(engine):
    mapping = MapSpec(arguments=("x",), factors=({"task": "u", "key": "return_value"},))
    run = start(engine, task("u"), task("each", "u", mapping=mapping, loop=LOOP))
    end(engine, "u", xcoms={"return_value": ["a", "b"]})
    assert rows(engine, run) == {"u": "success", "each[0.0]": "queued", "each[1.0]": "queued"}
    end(engine, "each", is_again=True, path="1.0")
    assert set(rows(engine, run)) == {"u", "each[0.0]", "each[1.0]", "each[1.1]"}


def test_a_task_that_waits_for_itself_in_the_run_before_waits_for_the_end_of_its_loop(engine):
    engine.define(spec(task("poll", loop=LOOP, depends_on_past=True), wire_version=7))
    engine.trigger(run_id="first", logical_date=engine.now)
    engine.wait(hours=1)
    second = engine.trigger(run_id="second", logical_date=engine.now)
    engine.advance()
    end(engine, "poll", is_again=True)
    assert rows(engine, second) == {"poll[0]": "none"}
    end(engine, "poll")
    assert rows(engine, second) == {"poll[0]": "queued"}


def test_in_a_dag_that_fails_fast_a_failure_elsewhere_stops_the_loop(engine):
    run = start(engine, task("poll", loop=LOOP), task("other"), fail_fast=True)
    claims = {each.task_id: each for each in engine.claim()}
    engine.report(claims["poll"], is_again=True)
    engine.report(claims["other"], state="failed", retryable=False)
    engine.advance()
    assert rows(engine, run) == {"poll[0]": "success", "poll[1]": "skipped", "other": "failed"}
    assert engine.run_state(run) == "failed"


def test_on_the_code_of_now_a_task_may_begin_and_cease_to_loop(engine):
    run = start(engine, task("poll"))
    end(engine, "poll")
    engine.redefine(spec(task("poll", loop=LOOP), wire_version=7))
    clear(engine, "poll", code="now")
    assert rows(engine, run) == {"poll[0]": "queued"}
    end(engine, "poll", is_again=True)
    end(engine, "poll")
    engine.redefine(spec(task("poll")))
    clear(engine, code="now")
    assert rows(engine, run) == {"poll": "queued", "poll[0]": "removed", "poll[1]": "removed"}
