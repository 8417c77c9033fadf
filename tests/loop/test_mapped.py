"""Runs with mapped tasks: how many instances there are, what they wait for, what waits for them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from scheduler.core.ids import TaskKey
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.tables import task_instance
from scheduler.wire import GroupSpec, MapSpec
from tests.loop.engine import spec, task


def over(*factors) -> MapSpec:
    return MapSpec(arguments=tuple(f"x{at}" for at in range(len(factors))), factors=factors)


def result(task_id, key="return_value"):
    return {"task": task_id, "key": key}


def define(engine, *tasks, groups=(), **fields):
    engine.define(spec(*tasks, groups=groups, wire_version=4, **fields))
    return engine.trigger()


def rows(engine, run):
    """Return the state of each instance of a run, as `task[path]`."""
    query = sa.select(task_instance.c.task_id, task_instance.c.path, task_instance.c.state)
    with engine.db.read() as session:
        found = session.execute(query.where(task_instance.c.run_pk == run))
        return {f"{name}[{path}]" if path else name: state for name, path, state in found}


def reason(engine, run, task_id):
    query = sa.select(task_instance.c.reason).where(task_instance.c.run_pk == run)
    with engine.db.read() as session:
        return session.execute(query.where(task_instance.c.task_id == task_id)).scalar_one()


def states(engine, run, task_id):
    return sorted(state for name, state in rows(engine, run).items() if name.partition("[")[0] == task_id)


def finish(engine, task_id, value=None, state="success", path=None):
    """Claim all there is, report one task's instances with a value, and put the others back by success."""
    engine.advance()
    claims = engine.claim(limit=100)
    mine = [each for each in claims if each.task_id == task_id and path in (None, each.path)]
    xcoms = {} if value is None else {"return_value": value}
    engine.report(*mine, state=state, xcoms=xcoms)
    rest = [each for each in claims if each not in mine]
    engine.report(*rest)
    engine.advance()


def to_end(engine, **outcome):
    engine.run_to_end(**outcome)


def test_a_task_over_a_literal_list_has_an_instance_for_each_item(engine):
    run = define(engine, task("t", mapping=over(3)), task("after", "t"))
    to_end(engine)
    assert rows(engine, run) == {
        "t[0]": "success",
        "t[1]": "success",
        "t[2]": "success",
        "after": "success",
    }
    assert engine.run_state(run) == "success"


def test_a_task_over_a_result_waits_for_it_and_is_a_stem_until_then(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))))
    engine.advance()
    assert rows(engine, run) == {"u": "queued", "t": "none"}
    finish(engine, "u", ["a", "b"])
    to_end(engine)
    assert rows(engine, run) == {"u": "success", "t[0]": "success", "t[1]": "success"}


def test_several_arguments_make_every_combination(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(2, result("u"))))
    finish(engine, "u", {"a": 1, "b": 2, "c": 3})
    to_end(engine)
    assert len(states(engine, run, "t")) == 6


@pytest.mark.parametrize(
    ("factor", "count"),
    [
        ({"zip": [result("u"), 2], "longest": False}, 2),
        ({"zip": [result("u"), 2], "longest": True}, 3),
        ({"concat": [result("u"), 2]}, 5),
    ],
)
def test_zip_takes_the_shortest_or_longest_and_concat_the_sum(engine, factor, count):
    run = define(engine, task("u"), task("t", "u", mapping=over(factor)))
    finish(engine, "u", [1, 2, 3])
    assert len(states(engine, run, "t")) == count


def test_nothing_to_map_over_skips_the_task_with_a_reason(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))), task("after", "t"))
    finish(engine, "u", [])
    to_end(engine)
    assert rows(engine, run) == {"u": "success", "t": "skipped", "after": "skipped"}
    assert reason(engine, run, "t") == "there is nothing to map over"


@pytest.mark.parametrize(("state", "becomes"), [("failed", "upstream_failed"), ("skipped", "skipped")])
@pytest.mark.parametrize("rule", ["all_success", "all_done", "always"])
def test_where_what_it_is_mapped_over_did_not_succeed_the_task_cannot_either(engine, state, becomes, rule):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u")), trigger_rule=rule))
    finish(engine, "u", state=state)
    assert rows(engine, run) == {"u": state, "t": becomes}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("hello", 'the str "hello"'),
        (7, "the int 7"),
        (2.5, "the float 2.5"),
        (True, "the bool true"),
        ({"__type__": "decimal", "value": "1"}, "a decimal"),
    ],
)
def test_a_result_that_is_no_list_fails_the_task_and_says_so(engine, value, words):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))), task("after", "t"))
    finish(engine, "u", value)
    assert rows(engine, run) == {"u": "success", "t": "failed", "after": "upstream_failed"}
    assert reason(engine, run, "t") == (
        f"t cannot be mapped: task u returned {words}, which is neither a list nor a dict"
    )
    assert engine.run_state(run) == "failed"


def test_a_task_that_returned_nothing_cannot_be_mapped_over(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))))
    finish(engine, "u")
    assert "task u returned None" in reason(engine, run, "t")


def test_a_result_that_is_too_long_names_the_setting(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))))
    finish(engine, "u", list(range(1025)))
    assert reason(engine, run, "t") == (
        "t cannot be mapped: task u returned 1,025 items, and max_map_length allows 1,024; "
        "return fewer, or raise that setting"
    )


def test_in_a_fail_fast_dag_what_cannot_be_mapped_stops_the_rest(engine):
    run = define(engine, task("u"), task("v", "u"), task("t", "u", mapping=over(result("u"))), fail_fast=True)
    finish(engine, "u", 1)
    assert rows(engine, run) == {"u": "success", "v": "skipped", "t": "failed"}


def test_a_task_over_a_mapped_one_has_as_many_as_handed_something_on(engine):
    run = define(engine, task("a", mapping=over(3)), task("b", "a", mapping=over(result("a"))))
    engine.advance()
    first, second, third = engine.claim()
    engine.report(first, second, xcoms={"return_value": 1})
    engine.report(third)
    to_end(engine)
    assert states(engine, run, "b") == ["success", "success"]


def test_a_join_counts_instances(engine):
    run = define(
        engine,
        task("a", mapping=over(3)),
        task("good", "a", trigger_rule="one_success"),
        task("all", "a"),
        task("done", "a", trigger_rule="all_done"),
    )
    engine.advance()
    first, *rest = engine.claim()
    engine.report(first)
    engine.advance()
    assert rows(engine, run)["good"] == "queued"
    assert rows(engine, run)["done"] == "none"
    engine.report(*rest, state="failed", retryable=False)
    engine.advance()
    assert rows(engine, run)["all"] == "upstream_failed"
    assert rows(engine, run)["done"] == "queued"


def test_in_a_mapped_group_each_instance_goes_on_by_itself(engine):
    groups = (GroupSpec(group_id="g", mapping=over(2)),)
    run = define(
        engine,
        task("g.a", group_id="g"),
        task("g.b", "g.a", group_id="g"),
        task("after", "g.b"),
        groups=groups,
    )
    engine.advance()
    finish(engine, "g.a", path="1", value=0)
    found = rows(engine, run)
    assert found["g.b[1]"] == "queued"
    to_end(engine)
    assert set(rows(engine, run).values()) == {"success"}
    assert set(rows(engine, run)) == {"g.a[0]", "g.a[1]", "g.b[0]", "g.b[1]", "after"}


def test_a_failure_in_a_mapped_group_stops_its_own_instance_only(engine):
    groups = (GroupSpec(group_id="g", mapping=over(2)),)
    run = define(
        engine,
        task("g.a", group_id="g"),
        task("g.b", "g.a", group_id="g"),
        task("after", "g.b"),
        groups=groups,
    )
    engine.advance()
    first, second = engine.claim()
    engine.report(first, state="failed", retryable=False)
    engine.report(second)
    to_end(engine)
    assert rows(engine, run) == {
        "g.a[0]": "failed",
        "g.a[1]": "success",
        "g.b[0]": "upstream_failed",
        "g.b[1]": "success",
        "after": "upstream_failed",
    }


def test_a_mapped_task_in_a_mapped_group_expands_in_each_instance_for_itself(engine):
    groups = (GroupSpec(group_id="g", mapping=over(result("u"))),)
    run = define(
        engine,
        task("u"),
        task("g.a", "u", group_id="g"),
        task("g.b", "g.a", group_id="g", mapping=over(result("g.a"))),
        task("g.c", "g.b", group_id="g"),
        groups=groups,
    )
    finish(engine, "u", [1, 2])
    finish(engine, "g.a", path="0", value=[1, 2, 3])
    to_end(engine)
    assert set(rows(engine, run)) >= {"g.b[0.0]", "g.b[0.1]", "g.b[0.2]", "g.c[0]", "g.c[1]"}
    assert rows(engine, run)["g.b[1]"] == "failed"
    assert rows(engine, run)["g.c[0]"] == "success"
    assert rows(engine, run)["g.c[1]"] == "upstream_failed"


def again(engine, run, *tasks, downstream=True, code="then"):
    with engine.db.read() as session:
        run_id = session.execute(sa.text(f"SELECT run_id FROM dag_run WHERE id = {run}")).scalar_one()
    request = RerunRequest(dag_id="orders", run_id=run_id, tasks=tasks, downstream=downstream, code=code)
    return engine.db.transact(lambda session: rerun(session, engine.now, request, actor="x"))


def test_run_again_with_a_longer_result_there_are_more_instances(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))), task("after", "t"))
    finish(engine, "u", [1])
    to_end(engine)
    again(engine, run, "u")
    finish(engine, "u", [1, 2, 3])
    to_end(engine)
    assert states(engine, run, "t") == ["success"] * 3
    assert engine.run_state(run) == "success"


def test_run_again_with_a_shorter_result_the_surplus_is_removed(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))), task("after", "t"))
    finish(engine, "u", [1, 2, 3])
    to_end(engine)
    again(engine, run, "u")
    finish(engine, "u", [1])
    to_end(engine)
    assert states(engine, run, "t") == ["removed", "removed", "success"]
    again(engine, run, "u")
    finish(engine, "u", [1, 2])
    to_end(engine)
    assert states(engine, run, "t") == ["removed", "success", "success"]


def test_run_again_with_nothing_to_map_over_it_is_skipped_and_can_come_back(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))), task("after", "t"))
    finish(engine, "u", [1, 2])
    to_end(engine)
    again(engine, run, "u")
    finish(engine, "u", [])
    to_end(engine)
    assert rows(engine, run) == {
        "u": "success",
        "t": "skipped",
        "t[0]": "removed",
        "t[1]": "removed",
        "after": "skipped",
    }
    again(engine, run, "u")
    finish(engine, "u", [1, 2])
    to_end(engine)
    assert (rows(engine, run)["t[0]"], rows(engine, run)["after"]) == ("success", "success")


def test_one_instance_runs_again_alone(engine):
    run = define(engine, task("t", mapping=over(3)), task("after", "t"))
    to_end(engine)
    again(engine, run, TaskKey("t", "1"), downstream=False)
    engine.advance()
    assert [each.path for each in engine.claim()] == ["1"]


@pytest.mark.parametrize("hands_on", ["", "beside", "apart"])
def test_mapped_tasks_run_to_their_end_however_reports_hand_on(engine, hands_on):
    engine.hands_on = hands_on
    run = define(
        engine,
        task("u"),
        task("t", "u", mapping=over(result("u"), 3)),
        task("after", "t"),
        max_active_tasks=4,
    )
    finish(engine, "u", [1, 2])
    to_end(engine)
    assert rows(engine, run).pop("after") == "success"
    assert states(engine, run, "t") == ["success"] * 6
    assert engine.run_state(run) == "success"


def test_what_was_removed_is_not_run_again_by_hand(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"))))
    finish(engine, "u", [1, 2])
    to_end(engine)
    again(engine, run, "u")
    finish(engine, "u", [1])
    to_end(engine)
    assert [each.path for each in again(engine, run, "t").tasks] == ["0"]
    to_end(engine)
    assert states(engine, run, "t") == ["removed", "success"]


def test_with_the_code_of_now_a_task_may_become_mapped_and_plain_again(engine):
    run = define(engine, task("u"), task("t", "u"))
    to_end(engine)
    engine.redefine(spec(task("u"), task("t", "u", mapping=over(2)), wire_version=4))
    again(engine, run, code="now")
    to_end(engine)
    assert rows(engine, run) == {"u": "success", "t[0]": "success", "t[1]": "success"}
    engine.redefine(spec(task("u"), task("t", "u")))
    again(engine, run, code="now")
    to_end(engine)
    assert rows(engine, run) == {"u": "success", "t": "success", "t[0]": "removed", "t[1]": "removed"}
    engine.redefine(spec(task("u"), task("t", "u", mapping=over(3)), wire_version=4))
    again(engine, run, code="now")
    to_end(engine)
    assert states(engine, run, "t") == ["removed", "success", "success", "success"]
    assert engine.run_state(run) == "success"


@pytest.mark.parametrize("count", [20, 200])
def test_one_more_finished_instance_costs_the_same_however_many_there_are(engine, count):
    engine.hands_on = "beside"
    groups = (GroupSpec(group_id="g", mapping=over(count)),)
    first = {"group_id": "g", "priority_weight": 999, "weight_rule": "absolute"}
    run = define(
        engine,
        task("g.a", group_id="g", weight_rule="absolute"),
        task("g.b", "g.a", **first),
        task("after", "g.b"),
        groups=groups,
    )
    engine.advance()
    engine.report(*engine.claim(limit=2))
    following = next(each for each in engine.claim() if each.task_id == "g.b")
    with engine.db.count() as spent:
        engine.report(following)
    assert len([text for text in spent.statements if "pg_notify" not in text]) <= 16
    assert rows(engine, run)["after"] == "none"


def test_an_instance_in_a_mapped_group_runs_again_with_what_follows_it_there(engine):
    groups = (GroupSpec(group_id="g", mapping=over(3)),)
    run = define(
        engine,
        task("g.a", group_id="g"),
        task("g.b", "g.a", group_id="g"),
        task("after", "g.b"),
        groups=groups,
    )
    to_end(engine)
    chosen = again(engine, run, TaskKey("g.a", "1")).tasks
    assert [(each.task_id, each.path) for each in chosen] == [("g.a", "1"), ("g.b", "1"), ("after", "")]


def test_what_cannot_be_mapped_calls_its_failure_callback(engine):
    mapped = task("t", "u", mapping=over(result("u")), has_failure_callback=True)
    define(engine, task("u"), mapped)
    finish(engine, "u", 7)
    (callback,) = engine.claim()
    assert (callback.kind, callback.task_id) == ("task_callback", "t")
    assert "the int 7" in callback.payload["reason"]


def test_an_instance_waits_for_the_one_of_the_same_index_in_the_run_before(engine):
    engine.define(spec(task("t", mapping=over(2), depends_on_past=True), wire_version=4, max_active_runs=2))
    dates = [engine.now.replace(hour=hour) for hour in (1, 2)]
    first, second = (engine.trigger(run_id=f"r{date.hour}", logical_date=date) for date in dates)
    engine.advance()
    one, other = engine.claim()
    engine.report(one)
    engine.report(other, state="failed", retryable=False)
    while engine.advance():
        pass
    assert rows(engine, first) == {"t[0]": "success", "t[1]": "failed"}
    assert rows(engine, second) == {"t[0]": "queued", "t[1]": "none"}


@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_who_waits_in_a_mapped_group_for_what_ended_before_it_had_instances_goes_on(engine, state):
    """It ended as a stem: for each instance that it would have had."""
    run = define(
        engine,
        task("u"),
        task("other"),
        task("g.early", "other", "u", group_id="g"),
        task("g.late", "g.early", group_id="g", trigger_rule="all_done"),
        groups=(GroupSpec(group_id="g", mapping=over(result("u"))),),
    )
    engine.advance()
    claims = {each.task_id: each for each in engine.claim()}
    engine.report(claims["other"], state=state)
    engine.advance()
    assert rows(engine, run)["g.early"] == ("upstream_failed" if state == "failed" else "skipped")
    engine.report(claims["u"], xcoms={"return_value": ["a", "b"]})
    engine.advance()
    assert rows(engine, run)["g.late[1]"] == "queued"
    to_end(engine)
    assert states(engine, run, "g.late") == ["success", "success"]
    assert engine.run_state(run) in ("success", "failed")


def test_more_combinations_than_there_may_be_instances_fail_the_task_and_make_none(engine):
    run = define(engine, task("u"), task("t", "u", mapping=over(result("u"), 50_000)))
    finish(engine, "u", [1, 2, 3])
    assert rows(engine, run) == {"u": "success", "t": "failed"}
    assert "make 150,000 combinations, and 100,000 instances may be" in reason(engine, run, "t")


def test_more_instances_than_there_may_be_with_those_of_the_groups_fail_the_task_and_make_none(engine):
    groups = (GroupSpec(group_id="g", mapping=over(result("u"))),)
    inner = task("g.t", "u", group_id="g", mapping=over(50_000))
    run = define(engine, task("u"), inner, groups=groups)
    finish(engine, "u", [1, 2, 3])
    assert rows(engine, run) == {"u": "success", "g.t": "failed"}
    assert "with its groups it makes more than 100,000 instances" in reason(engine, run, "g.t")


def grouped(engine, *factors, above=()):
    """Define a group over what `u` returns, and in it a task over what its fellow `a` returns, and more."""
    inner = task("g.b", "u", "g.a", *above, group_id="g", mapping=over(result("g.a"), *factors))
    first = task("g.a", "u", group_id="g")
    groups = (GroupSpec(group_id="g", mapping=over(result("u"))),)
    return define(engine, task("u"), *map(task, above), first, inner, groups=groups)


def test_in_a_mapped_group_a_task_may_be_mapped_over_what_stands_in_it_and_what_does_not(engine):
    run = grouped(engine, result("u"))
    finish(engine, "u", [1, 2])
    finish(engine, "g.a", [1, 2, 3])
    to_end(engine)
    assert states(engine, run, "g.b") == ["success"] * 12
    assert engine.run_state(run) == "success"


def test_what_ended_before_it_had_instances_gets_them_when_it_runs_again(engine):
    run = grouped(engine, above=("v",))
    engine.advance()
    claims = {each.task_id: each for each in engine.claim()}
    engine.report(claims["v"], state="failed")
    engine.advance()
    engine.report(claims["u"], xcoms={"return_value": [1, 2]})
    finish(engine, "g.a", [1, 2, 3])
    to_end(engine)
    assert rows(engine, run)["g.b"] == "upstream_failed"
    again(engine, run, "v")
    to_end(engine)
    assert states(engine, run, "g.b") == ["success"] * 6
    assert engine.run_state(run) == "success"


def test_what_a_new_instance_waits_for_in_its_group_is_made_too(engine):
    run = grouped(engine)
    finish(engine, "u", [1])
    finish(engine, "g.a", [1])
    to_end(engine)
    again(engine, run, "u", downstream=False)
    finish(engine, "u", [1, 2, 3])
    to_end(engine)
    assert states(engine, run, "g.a") == ["success"]
    again(engine, run, "g.b")
    finish(engine, "g.a", [1, 2])
    to_end(engine)
    assert (states(engine, run, "g.a"), states(engine, run, "g.b")) == (["success"] * 3, ["success"] * 5)
    assert engine.run_state(run) == "success"


def test_instances_that_went_with_all_below_them_come_back(engine):
    groups = (GroupSpec(group_id="g", mapping=over(result("u"))),)
    run = define(engine, task("u"), task("g.b", "u", group_id="g", mapping=over(2)), groups=groups)
    for length in (3, 1, 2, 0, 3):
        finish(engine, "u", list(range(length)))
        to_end(engine)
        found = [name for name, state in rows(engine, run).items() if state == "success"]
        assert len(found) == 1 + 2 * length
        again(engine, run, "u")


def test_an_instance_that_runs_again_does_not_begin_before_what_it_is_mapped_over_has_ended(engine):
    mapped = task("t", "u", "v", mapping=over(result("u")), trigger_rule="one_done")
    run = define(engine, task("u"), task("v"), mapped)
    finish(engine, "u", [1, 2])
    to_end(engine)
    again(engine, run, "u", "v")
    engine.advance()
    claims = {each.task_id: each for each in engine.claim()}
    engine.report(claims["v"])
    engine.advance()
    assert states(engine, run, "t") == ["none", "none"]
    engine.report(claims["u"], xcoms={"return_value": [1, 2, 3]})
    to_end(engine)
    assert states(engine, run, "t") == ["success"] * 3


def test_an_instance_waits_while_the_run_before_does_not_know_its_own(engine):
    mapped = task("t", "u", mapping=over(result("u")), depends_on_past=True)
    engine.define(spec(task("u"), mapped, wire_version=4, max_active_runs=2))
    dates = [engine.now.replace(hour=hour) for hour in (1, 2)]
    first, second = (engine.trigger(run_id=f"r{date.hour}", logical_date=date) for date in dates)
    engine.advance()
    claims = {each.run_pk: each for each in engine.claim()}
    engine.report(claims[second], xcoms={"return_value": [1, 2]})
    engine.advance()
    assert rows(engine, second) == {"u": "success", "t[0]": "none", "t[1]": "none"}
    engine.report(claims[first], xcoms={"return_value": [1]})
    to_end(engine)
    assert rows(engine, first) == {"u": "success", "t[0]": "success"}
    assert engine.run_state(second) == "success"
