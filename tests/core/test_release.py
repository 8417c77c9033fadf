"""What may run at once after a success: the same that the planner says, found with less."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.ids import TaskKey
from scheduler.core.plan import plan
from scheduler.core.release import released
from scheduler.core.states import TaskState
from tests.core.graphs import graph, graphs, task

S = TaskState
DIAMOND = graph(task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c"))


def test_what_waits_for_nothing_else_is_released_without_another_look():
    chain = graph(task("a"), task("b", "a"), task("c", "b"))
    assert released(chain, changes(a="success")) == frozenset({"b"})
    assert released(chain, changes(c="success")) == frozenset()
    assert released(DIAMOND, changes(a="success")) == frozenset({"b", "c"})
    assert released(DIAMOND, changes(b="success", c="success")) == frozenset({"d"})
    assert released(DIAMOND, changes(a="none")) == frozenset({"a"})


def test_what_waits_for_more_than_has_changed_well_is_to_be_read():
    assert released(DIAMOND, changes(b="success")) is None
    assert released(DIAMOND, changes(a="failed")) is None
    assert released(DIAMOND, changes(b="success", c="skipped")) is None
    assert released(graph(task("a"), task("b", "a", trigger_rule="all_failed")), changes(a="success")) is None
    assert released(graph(task("a"), task("b", "a", depends_on_past=True)), changes(a="success")) is None
    assert released(DIAMOND, {TaskKey("a", "0"): S.SUCCESS}) is None


@given(drawn=graphs(most=7), choices=st.data())
def test_what_is_released_is_what_the_planner_would_schedule(drawn, choices):
    state = st.sampled_from([S.NONE, S.SUCCESS])
    keys = choices.draw(st.sets(st.sampled_from(drawn.order), min_size=1))
    changed = {TaskKey(each, ""): choices.draw(state) for each in sorted(keys)}
    names = released(drawn, changed)
    if names is not None:
        known = {key.task_id: {key.path: one} for key, one in changed.items()}
        result = plan(drawn, list(changed), {each: {"": S.NONE} for each in drawn.order} | known)
        assert names == {move.task_id for move in result.moves}
        assert {move.to for move in result.moves} <= {S.SCHEDULED}


def changes(**given):
    return {TaskKey(each, ""): S(state) for each, state in given.items()}
