"""The states of one run in memory, and what the planner makes of a change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from scheduler.core.dimensions import depth_of, upper
from scheduler.core.expansion import MOST_ITEMS, Length, Place
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.instances import scopes_of, stands_in
from scheduler.core.plan import FinishRun, Move, States, finish, plan
from scheduler.core.states import FINISHED, TaskState
from scheduler.testing.mapped import MappedPlanner


@dataclass(slots=True)
class RunStates:
    """By task and path; `measure` tells the length of what is mapped over, as `MappedPlanner` asks for it."""

    graph: TaskGraph
    by_task: dict[str, dict[str, TaskState]]
    measure: Callable[[Place], Length | None]

    def instances(self) -> list[TaskKey]:
        """Return all task instances."""
        return [TaskKey(name, path) for name, paths in self.by_task.items() for path in paths]

    def count_beside(self, task_id: str, path: str) -> int:
        """Return how many instances of a task share all indices but the last with this one."""
        around = upper(path, depth_of(path) - 1)
        return sum(upper(each, depth_of(each) - 1) == around for each in self.by_task[task_id])

    def of(self, key: TaskKey) -> TaskState:
        """Return the state of one."""
        return self.by_task[key.task_id][key.path]

    def put(self, key: TaskKey, state: TaskState) -> None:
        """Set the state of one."""
        self.by_task[key.task_id][key.path] = state

    @property
    def are_final(self) -> bool:
        """Whether nothing is left to be done."""
        return all(state in FINISHED for paths in self.by_task.values() for state in paths.values())

    def draw(self, changed: Collection[TaskKey], past: States | None = None) -> Sequence[Move]:
        """Make all moves that follow on a change, and return them; `past`: the states of the run before this one."""
        fails_fast = self.graph.spec.fail_fast
        if not self.graph.is_mapped or (fails_fast and self._has_failed(changed)):
            moves: Sequence[Move] = plan(self.graph, changed, self.by_task, past=past).moves
        else:
            moves = MappedPlanner(self.graph, self.by_task, self.measure, MOST_ITEMS).plan(changed)
        for move in moves:
            self.put(TaskKey(move.task_id, move.path), move.to)
        broken = [TaskKey(move.task_id, move.path) for move in moves if move.to is TaskState.FAILED]
        goes_on = broken and fails_fast and not self._has_failed(changed)
        return [*moves, *(self.draw(broken, past) if goes_on else ())]

    def _has_failed(self, keys: Collection[TaskKey]) -> bool:
        return any(self.of(key) is TaskState.FAILED for key in keys)

    def skip(self, by: TaskKey, task_ids: Collection[str]) -> set[TaskKey]:
        """Skip what a task decided to skip; return what that was."""
        scopes = scopes_of(self.graph, by, task_ids)
        skipped = {
            key for key in self.instances() if stands_in(key, scopes) and self.of(key) is TaskState.NONE
        }
        for key in skipped:
            self.put(key, TaskState.SKIPPED)
        return skipped

    def finish(self) -> FinishRun:
        """Return how the run ends."""
        leaves = {task_id: self.by_task[task_id] for task_id in self.graph.leaves}
        failed = {task_id for task_id, paths in self.by_task.items() if TaskState.FAILED in paths.values()}
        return finish(self.graph, leaves, failed=failed)
