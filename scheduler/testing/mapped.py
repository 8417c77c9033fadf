"""Planning of mapped tasks in memory: what `loop.mapped` does with the database, by the same decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from scheduler.core.dimensions import depth_of, is_within, sources, upper
from scheduler.core.expansion import Answer, Length, Place, answer, grow, place_of
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.instances import Scope, followers, judge_instance, waits_for
from scheduler.core.loops import standing_in
from scheduler.core.plan import Move
from scheduler.core.states import FINISHED, TaskState


@dataclass(slots=True)
class MappedPlanner:
    """Draws consequences of changes in one run. `states` is changed as rows of a database would be."""

    graph: TaskGraph
    states: dict[str, dict[str, TaskState]]
    measure: Callable[[Place], Length | None]
    most_items: int

    def plan(self, changed: Iterable[TaskKey]) -> list[Move]:
        """Make all moves that follow, and return them."""
        moves: list[Move] = []
        wave = {key: self.states[key.task_id][key.path] for key in changed}
        while wave:
            made = self._expand(wave)
            moves += made
            begun = {key for key, state in wave.items() if state is TaskState.NONE}
            grown = {Scope(move.task_id, "") for move in made} | self._concerned(wave)
            ended = followers(self.graph, [key for key, state in wave.items() if state in FINISHED])
            judged = self._judge(ended | begun | grown)
            moves += judged
            wave = {
                TaskKey(move.task_id, move.path): move.to for move in [*made, *judged] if move.to in FINISHED
            }
        return moves

    def _expand(self, wave: Mapping[TaskKey, TaskState]) -> list[Move]:
        moves: list[Move] = []
        for scope in sorted(self._concerned(wave)):
            rows = {
                path: state
                for path, state in self.states[scope.task_id].items()
                if is_within(path, scope.path)
            }
            depth = self.graph.dimensions.depth(scope.task_id)
            is_looped = scope.task_id in self.graph.loops
            growth = grow(scope.task_id, depth, scope.path, rows, self._ask, is_looped=is_looped)
            paths = self.states[scope.task_id]
            for path, to in growth.renamed.items():
                paths[to] = paths.pop(path)
            paths |= dict.fromkeys([*growth.opened, *growth.created], TaskState.NONE)
            paths |= dict.fromkeys(growth.removed, TaskState.REMOVED)
            moves += [Move(scope.task_id, path, how.state, how.reason) for path, how in growth.ended.items()]
        return self._made(moves)

    def _concerned(self, wave: Mapping[TaskKey, TaskState]) -> set[Scope]:
        found = {
            Scope(each, upper(key.path, min(place, self.graph.dimensions.shared(key.task_id, each))))
            for key, state in wave.items()
            if state in FINISHED
            for each, place in self.graph.dimensions.mapped_over(key.task_id).items()
        }
        begun = {key for key, state in wave.items() if state is TaskState.NONE}
        return found | {Scope(key.task_id, "") for key in begun if self.graph.dimensions.may_grow(key)}

    def _ask(self, key: TaskKey, place: int) -> Answer:
        dimension = self.graph.dimensions.of(key.task_id)[place]
        places = [place_of(self.graph, source, *key) for source in sources(dimension)]
        lengths = {each: length for each in places if (length := self.measure(each)) is not None}
        counts = {each.scope: self._count(each.scope) for each in places}
        return answer(self.graph, key, place, counts, lengths, self.most_items)

    def _judge(self, scopes: set[Scope]) -> list[Move]:
        waiting = {
            TaskKey(scope.task_id, path)
            for scope in scopes
            for path, state in self.states[scope.task_id].items()
            if state is TaskState.NONE and is_within(path, scope.path)
        }
        decide = partial(judge_instance, self.graph)
        counts = {scope: self._count(scope) for key in waiting for scope in waits_for(self.graph, key)}
        decided = [decide(key, counts) for key in sorted(waiting, key=self._place)]
        return self._made([each for each in decided if isinstance(each, Move)])

    def _place(self, key: TaskKey) -> tuple[int, int, str]:
        return self.graph.index[key.task_id], depth_of(key.path), key.path.zfill(12)

    def _count(self, scope: Scope) -> Mapping[TaskState, int]:
        paths = self.states[scope.task_id]
        depth = self.graph.dimensions.depth(scope.task_id)
        is_one = scope.path in paths and depth_of(scope.path) == depth
        there = [scope.path] if is_one else [path for path in paths if is_within(path, scope.path)]
        stems = {TaskKey(scope.task_id, path): state for path, state in paths.items()} if not there else {}
        found = {path: paths[path] for path in there}
        return Counter(standing_in(scope, found, stems, depth, self.graph.loops).values())

    def _made(self, moves: list[Move]) -> list[Move]:
        for move in moves:
            self.states[move.task_id][move.path] = move.to
        return moves
