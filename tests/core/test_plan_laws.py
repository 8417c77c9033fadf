"""Laws of the planner over random graphs, rules, outcomes and orders of reports."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.plan import needed, plan
from scheduler.core.states import FINISHED, TASK_MOVES, TaskState
from scheduler.core.trigger_rules import RULES
from tests.core.graphs import graph, graphs

S = TaskState
#: Rules that may start a task while others upstream of it are unfinished.
EAGER = {"one_success", "one_failed", "one_done", "always"}
#: Under all_success a task is skipped or upstream_failed by whichever came first, as in Airflow; the others
#: do not care.
ORDER_FREE = tuple(rule for rule in RULES if rule != "all_success")
OUTCOMES = (S.SUCCESS, S.SUCCESS, S.FAILED, S.SKIPPED)


class Run:
    """A run in memory, driven as the loop and the workers drive it. Every move is held against the table."""

    def __init__(self, dag: TaskGraph, outcomes: dict[str, TaskState], order: Random) -> None:
        self.dag = dag
        self.outcomes = outcomes
        self.order = order
        self.states = {task_id: {"": S.NONE} for task_id in dag.order}
        self.changed = {TaskKey(task_id) for task_id in dag.order}
        self.ran: set[str] = set()
        self.steps = 0

    def state(self, task_id: str) -> TaskState:
        return self.states[task_id][""]

    def move(self, task_id: str, to: TaskState) -> None:
        assert to in TASK_MOVES[self.state(task_id)], f"{task_id}: {self.state(task_id)} -> {to}"
        self.states[task_id][""] = to
        self.changed.add(TaskKey(task_id))

    def plan(self) -> None:
        result = plan(self.dag, self.changed, self.states)
        self.changed = set()
        for move in result.moves:
            if move.to is S.SCHEDULED:
                self.check_start(move.task_id)
            self.move(move.task_id, move.to)
        assert not result.unread

    def check_start(self, task_id: str) -> None:
        if self.dag.tasks[task_id].trigger_rule not in EAGER:
            assert all(self.state(each) in FINISHED for each in self.dag.upstream(task_id))

    def live(self) -> list[str]:
        return [each for each in self.dag.order if self.state(each) in (S.SCHEDULED, S.QUEUED, S.RUNNING)]

    def step(self, task_id: str) -> None:
        """Take one task a step on its way: queued, claimed, reported."""
        following = {S.SCHEDULED: S.QUEUED, S.QUEUED: S.RUNNING, S.RUNNING: self.outcomes[task_id]}
        self.ran.add(task_id)
        self.move(task_id, following[self.state(task_id)])

    def to_the_end(self) -> dict[str, TaskState]:
        """Report in random order, plan now and then, until nothing is live."""
        self.plan()
        while live := self.live():
            self.steps += 1
            self.step(self.order.choice(live))
            if self.order.random() < 0.7 or not self.live():
                self.plan()
        assert self.steps <= 3 * len(self.dag.order)
        return {each: self.state(each) for each in self.dag.order}


def outcomes(dag: TaskGraph, data: st.DataObject) -> dict[str, TaskState]:
    return {each: data.draw(st.sampled_from(OUTCOMES)) for each in dag.order}


@given(graphs(), st.data(), st.randoms(use_true_random=False))
def test_every_run_ends_by_legal_moves_and_no_task_starts_before_its_upstreams(dag, data, order):
    final = Run(dag, outcomes(dag, data), order).to_the_end()
    assert set(final.values()) <= FINISHED


@given(graphs(ORDER_FREE), st.data(), st.randoms(use_true_random=False), st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_change_how_a_run_ends(dag, data, one, other):
    fates = outcomes(dag, data)
    assert Run(dag, fates, one).to_the_end() == Run(dag, fates, other).to_the_end()


@given(graphs(), st.data(), st.randoms(use_true_random=False))
def test_a_task_reports_its_own_outcome_or_never_ran(dag, data, order):
    run = Run(dag, outcomes(dag, data), order)
    final = run.to_the_end()
    for task_id, state in final.items():
        if task_id in run.ran:
            assert state is run.outcomes[task_id]
        else:
            assert state in (S.SKIPPED, S.UPSTREAM_FAILED)


@given(graphs(), st.data(), st.randoms(use_true_random=False))
def test_cleared_tasks_and_what_follows_them_run_to_an_end_again(dag, data, order):
    run = Run(dag, outcomes(dag, data), order)
    run.to_the_end()
    cleared = data.draw(st.sets(st.sampled_from(dag.order)))
    for task_id in cleared | dag.descendants(cleared):
        run.move(task_id, S.NONE)
    run.outcomes = outcomes(dag, data)
    run.steps = 0
    assert set(run.to_the_end().values()) <= FINISHED


@given(graphs(), st.data())
def test_a_plan_with_less_to_read_moves_nothing_else_and_asks_until_it_has_all(dag, data):
    states = {each: {"": data.draw(st.sampled_from(S))} for each in dag.order}
    changed = {TaskKey(each): states[each][""] for each in data.draw(st.sets(st.sampled_from(dag.order)))}
    whole = plan(dag, changed, states)
    given = {each: states[each] for each in needed(dag, changed)}
    while (part := plan(dag, changed, given)).unread:
        assert set(part.moves) <= set(whole.moves)
        assert part.unread.isdisjoint(given)
        given |= {each: states[each] for each in part.unread}
    assert part == whole


@given(graphs(), st.data())
def test_what_skips_and_failures_lead_to_is_needed_from_the_start(dag, data):
    run = Run(dag, outcomes(dag, data), Random(data.draw(st.integers(0, 9))))
    run.plan()
    while live := run.live():
        run.step(live[0])
        changed = {key: run.state(key.task_id) for key in run.changed}
        given = {each: run.states[each] for each in needed(dag, changed)}
        part = plan(dag, changed, given)
        chained = [each for each in changed.values() if each in FINISHED and each is not S.SUCCESS]
        assert not (chained and part.unread)
        run.plan()


@given(graphs(), st.data())
def test_a_plan_leaves_nothing_to_plan(dag, data):
    states = {each: {"": data.draw(st.sampled_from(S))} for each in dag.order}
    everything = [TaskKey(each) for each in dag.order]
    for move in plan(dag, everything, states).moves:
        states[move.task_id][move.path] = move.to
    assert plan(dag, everything, states).moves == ()


@given(graphs(), st.data(), st.randoms(use_true_random=False))
def test_a_fail_fast_run_ends_with_its_first_failure_but_for_teardowns(dag, data, order):
    hasty = graph(*dag.tasks.values(), fail_fast=True)
    run = Run(hasty, outcomes(dag, data), order)
    run.plan()
    while live := run.live():
        run.step(order.choice(live))
        run.plan()
        if S.FAILED in (run.state(each) for each in dag.order):
            assert dag.teardowns.issuperset(run.live())
    assert {run.state(each) for each in dag.order} <= FINISHED
