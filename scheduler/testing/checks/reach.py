"""Tasks that can never run, whatever the tasks before them do.

Each task may end in a set of states, worked out from those before it. A rule is tried with all upstream tasks in the
state that comes first in an order of preference, for each of the 24 orders: every rule that can be met is met by one
of these. Where branches say in their code what they choose, that is done for each combination of choices. The sets
are taken to be independent of each other, so a task that is named here really never runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations, product
from math import prod
from typing import Final

from scheduler.core.states import TaskState
from scheduler.core.trigger_rules import RULES, UNMOVED_BY_SUCCESS, Becomes, Ready, judge
from scheduler.errors import BadDag
from scheduler.operators.empty import EmptyOperator
from scheduler.sdk.dag import DAG
from scheduler.sdk.operator import BaseOperator
from scheduler.testing.checks.branches import skipped_by, ways_of

_SUCCESS: Final = TaskState.SUCCESS
_ORDERS: Final = tuple(
    permutations((_SUCCESS, TaskState.SKIPPED, TaskState.FAILED, TaskState.UPSTREAM_FAILED))
)
_ANY: Final = frozenset({_SUCCESS, TaskState.FAILED, TaskState.SKIPPED})
_OF_EMPTY: Final = frozenset({_SUCCESS, TaskState.SKIPPED})
_SKIPPED: Final = frozenset({TaskState.SKIPPED})
#: Combinations of choices that are tried.
_MOST: Final = 256
#: Rules that are met where all upstream tasks succeed.
_MET_BY_SUCCESS: Final = UNMOVED_BY_SUCCESS | {"one_success", "one_done", "always"}

States = dict[str, frozenset[TaskState]]


def never_run(dag: DAG) -> dict[str, str]:
    """Return the tasks that can never run, each with the reason; not those that only follow on such tasks.

    The DAG has no cycle.
    """
    ways = _ways(dag)
    if not ways and all(str(task.trigger_rule) in _MET_BY_SUCCESS for task in dag.tasks):
        return {}
    order, lost = _in_order(dag), dict[str, str | None]()
    for combination in product(*ways.values()):
        _walk(dag, order, dict(zip(ways, combination, strict=True)), lost)
    never = {each: reason for each, reason in lost.items() if reason is not None}
    return {each: reason for each, reason in never.items() if not dag.upstream_of(each) & never.keys()}


def _ways(dag: DAG) -> dict[str, list[frozenset[str] | None]]:
    """Return what branches skip, one set a choice, of those that say all they may choose; None: they do not succeed."""
    found: dict[str, list[frozenset[str] | None]] = {}
    for task in dag.tasks:
        if skips := _skips(task):
            found[task.task_id] = [*sorted(skips, key=sorted), None]
    while prod(map(len, found.values())) > _MOST:
        found.popitem()
    return found


def _skips(task: BaseOperator) -> set[frozenset[str]]:
    ways = ways_of(task)
    try:
        return {skipped_by(task, each) for each in ways.choices} if ways and ways.is_all else set()
    except BadDag:  # It names no task, which is told elsewhere.
        return set()


def _walk(
    dag: DAG, order: Sequence[str], chosen: Mapping[str, frozenset[str] | None], lost: dict[str, str | None]
) -> None:
    """Work out the states, and set to None in `lost` which tasks may run; to a reason, which may not."""
    states: States = {}
    skipped = frozenset[str]().union(*(each for each in chosen.values() if each))
    for task_id in order:
        task = dag.task_dict[task_id]
        ends, reason = _ends(dag, task, states) if task_id not in skipped else (_SKIPPED, "a branch skips it")
        if TaskState.NONE in ends:
            lost[task_id] = None
            own = _OF_EMPTY if isinstance(task, EmptyOperator) else _ANY
            ends = (ends - {TaskState.NONE}) | own
        else:
            lost.setdefault(task_id, reason)
        states[task_id] = ends - {_SUCCESS} if chosen.get(task_id, _SKIPPED) is None else ends


def _ends(dag: DAG, task: BaseOperator, states: States) -> tuple[frozenset[TaskState], str]:
    """Return how a task may end before it begins, NONE where it may begin; and a reason why it does not."""
    upstream = dag.upstream_of(task.task_id)
    groups = Counter((states[each], dag.task_dict[each].is_setup) for each in upstream)
    ends, reasons = set(), []
    for order in _ORDERS:
        counts: Counter[TaskState] = Counter()
        setups: Counter[TaskState] = Counter()
        for (possible, is_setup), count in groups.items():
            state = next(each for each in order if each in possible)
            counts[state] += count
            setups[state] += count if is_setup else 0
        verdict = judge(str(task.trigger_rule), counts, len(upstream), setups=+setups)
        if isinstance(verdict, Ready):
            ends.add(TaskState.NONE)
        elif isinstance(verdict, Becomes):
            ends.add(verdict.state)
            reasons.append(verdict.reason)
    return frozenset(ends), reasons[0] if reasons else ""


def _in_order(dag: DAG) -> list[str]:
    """Return the tasks so that each comes after those that it waits for."""
    waits = {each: len(dag.upstream_of(each)) for each in dag.task_ids}
    free = [each for each, count in waits.items() if not count]
    for each in free:
        for after in sorted(dag.downstream_of(each)):
            waits[after] -= 1
            if not waits[after]:
                free.append(after)
    return free


def rules_are_known(dag: DAG) -> bool:
    """Whether all trigger rules exist; one that does not is told elsewhere."""
    return all(str(task.trigger_rule) in RULES for task in dag.tasks)


def words(dag: DAG, lost: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the sentences on tasks that can never run, by task_id."""
    for task_id, reason in lost.items():
        rule = str(dag.task_dict[task_id].trigger_rule)
        remedy = "; after a branch, none_failed_min_one_success" if rule == "all_success" else ""
        yield (
            task_id,
            f"Task {task_id!r} can never run: with trigger_rule {rule!r}, however the tasks before it end: {reason}. "
            f"Choose another trigger_rule{remedy}.",
        )
