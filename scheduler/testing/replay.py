"""A recorded run replayed: each task runs alone on what was recorded for it, and what differs is told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scheduler.clock import parse_instant
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey, named
from scheduler.errors import BadDag
from scheduler.sdk.dag import DAG
from scheduler.sdk.serialize import to_spec
from scheduler.testing.clocks import StandingClock, TestClock
from scheduler.testing.given import Given, check_task
from scheduler.testing.local_channel import LocalChannel
from scheduler.testing.mocks import read_scripts
from scheduler.testing.recording import RecordedTask, Recording, read_recording
from scheduler.testing.result import RunResult
from scheduler.testing.run import run_given
from scheduler.wire import DagSpec

#: What stands in a recording for a secret.
MASK: Final = "***"
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedTask:
    """A task of the run that was run again."""

    task_id: str
    result: RunResult
    differences: tuple[str, ...]  #: sentences
    notes: tuple[str, ...] = ()  #: what could not be compared, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of it, in the order of the graph."""

    recording: Recording
    tasks: tuple[ReplayedTask, ...]

    @property
    def differences(self) -> list[str]:
        """What differs, in sentences."""
        return [each for task in self.tasks for each in task.differences]

    @property
    def first_difference(self) -> str | None:
        """The first of them: the others may follow from it."""
        return next(iter(self.differences), None)

    @property
    def is_same(self) -> bool:
        """Whether nothing differs that could be compared."""
        return not self.differences


def replay(
    dag: DAG,
    source: str | Path | Mapping[str, Any],
    *,
    only: Collection[str] | None = None,
    ignore: Collection[str] = (),
    variables: Mapping[str, Any] | None = None,
    connections: Mapping[str, Any] | None = None,
    mocks: Mapping[str, Any] | None = None,
) -> Replay:
    """Run tasks of a recorded run again, each alone on the recorded values of those before it, at the instant of then.

    `only` these tasks; else all that ran. The values of tasks in `ignore` may differ. Raises BadRecording, and BadDag
    for a task that the DAG, or the run, does not have.
    """
    recording = read_recording(source)
    spec = to_spec(dag, dag.fileloc)
    scripts = read_scripts(dag, mocks or {}, {})
    chosen = _chosen(dag, recording, only)
    tasks = []
    for task_id in [each for each in TaskGraph(spec).order if each in chosen]:
        given = _given(recording, task_id, spec)
        channel = LocalChannel(dag.dag_id, variables or {}, connections or {})
        clock = TestClock(StandingClock(parse_instant(recording.run.start_date or recording.run.run_after)))
        result = run_given(dag, spec, recording.run, channel, clock, given, scripts)
        recorded = [each for each in recording.tasks if each.task_id == task_id]
        differences = tuple(_differences(recorded, result, channel, is_ignored=task_id in ignore))
        notes = tuple(_notes(recording, recorded, dag.upstream_of(task_id)))
        tasks.append(ReplayedTask(task_id=task_id, result=result, differences=differences, notes=notes))
    return Replay(recording=recording, tasks=tuple(tasks))


def _chosen(dag: DAG, recording: Recording, only: Collection[str] | None) -> set[str]:
    ran = {task.task_id for task in recording.tasks if task.tries}
    if only is None:
        return ran & dag.task_dict.keys()
    for task_id in only:
        check_task(dag, task_id)
        if task_id not in ran:
            raise BadDag(f"Task {task_id!r} did not run in {recording.run.run_id!r}; replay one that did.")
    return set(only)


def _given(recording: Recording, task_id: str, spec: DagSpec) -> Given:
    """Return all of the run but the task; one that the run did not have counts as a success."""
    known = {task.task_id for task in spec.tasks}
    states = {name: paths for name, paths in recording.states().items() if name in known and name != task_id}
    values = {place: value for place, value in recording.values().items() if place[0] != task_id}
    return Given(frozenset([task_id]), states, values)


def _differences(
    recorded: Collection[RecordedTask], result: RunResult, channel: LocalChannel, *, is_ignored: bool
) -> Iterator[str]:
    then = {named(*task.key): task for task in recorded}
    now = {
        name: state for name, state in result.task_states.items() if name.partition("[")[0] in _ids(recorded)
    }
    for name in sorted(then.keys() - now.keys()):
        yield f"{name} ran then, and there is none now."
    for name in sorted(now.keys() - then.keys()):
        yield f"{name} is there now, and was not then."
    for name, task in then.items():
        if name in now and now[name] != task.state:
            why = result.errors[name].line if name in result.errors else task.reason
            yield f"{name} was {task.state} and is {now[name]} now{f': {why}' if why else ''}."
        elif name in now and not is_ignored:
            yield from _other_values(name, task, channel)


def _other_values(name: str, task: RecordedTask, channel: LocalChannel) -> Iterator[str]:
    now = {key: value for (of, key, path), value in channel.xcoms.items() if TaskKey(of, path) == task.key}
    compared = now.keys() | task.values.keys()
    for key in sorted(compared - task.left_out.keys()):
        then_text, now_text = _text(task.values, key), _text(now, key)
        if then_text != now_text and MASK not in then_text:
            yield f"{name} handed on {_cut(then_text)} as {key!r}, and hands on {_cut(now_text)} now."


def _notes(
    recording: Recording, recorded: Collection[RecordedTask], upstream: Collection[str]
) -> Iterator[str]:
    before = [task for task in recording.tasks if task.task_id in upstream]
    for task in [*before, *recorded]:
        for key, size in task.left_out.items():
            yield f"The recording lacks {key!r} of {named(*task.key)}: it has {size:,} characters."
        for key, value in task.values.items():
            if MASK in json.dumps(value, ensure_ascii=False):
                yield f"{key!r} of {named(*task.key)} holds a secret, which the recording masks."


def _ids(recorded: Collection[RecordedTask]) -> set[str]:
    return {task.task_id for task in recorded}


def _text(values: Mapping[str, Any], key: str) -> str:
    return json.dumps(values[key], sort_keys=True, ensure_ascii=False) if key in values else "nothing"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def told(task: ReplayedTask) -> Iterator[str]:
    """Return the lines that tell of a task."""
    yield f"{task.task_id}: {'differs' if task.differences else 'as then'}"
    yield from (f"  {each}" for each in (*task.differences, *task.notes))
