"""The door to the children of a server or worker. Its methods may be called from any thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Final

from scheduler.clock import Clock
from scheduler.errors import Conflict
from scheduler.logs.mask import secrets_of_conf
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor.attempt import Attempt
from scheduler.runtime.supervisor.bounds import Bounds, NotGiven, Policy, bounds_of
from scheduler.runtime.supervisor.cgroups import GroupTree
from scheduler.runtime.supervisor.conversation import Answer
from scheduler.runtime.supervisor.environment import child_environment
from scheduler.runtime.supervisor.family import Family
from scheduler.runtime.supervisor.limits import Limits
from scheduler.runtime.supervisor.nest import Source
from scheduler.runtime.supervisor.parse import Parse, ParseRequest
from scheduler.runtime.supervisor.rate import Rate
from scheduler.runtime.supervisor.reactor import Reactor
from scheduler.runtime.supervisor.root import Root
from scheduler.runtime.supervisor.services import OomWatch, Services
from scheduler.runtime.supervisor.waiting import Waits, Watcher
from scheduler.runtime.waits import Wait
from scheduler.vitals import Vitals
from scheduler.wire import Job, Outcome, ParsedFile

BASE_COMMAND: Final = (sys.executable, "-m", "scheduler.runtime.child.base_process")
_POOL: Final = 4
_BEAT_S: Final = 5.0

#: Id and epoch: an attempt that was claimed again may run beside its earlier self, which is being stopped.
Key = tuple[int, int]


class Supervisor:
    """Runs attempts and parses in child processes.

    `on_outcome` is called once for every launched job, on the IO thread: it must hand the outcome over and
    return.
    `answer` is called on threads of a small pool; its job is None while a DAG file is imported, and for triggers.
    `watcher` hears of waits; without one, none are watched.
    """

    def __init__(
        self,
        *,
        on_outcome: Callable[[Outcome], None],
        answer: Answer,
        clock: Clock,
        environ: Mapping[str, str],
        pass_on: Collection[str] = (),
        limits: Limits | None = None,
        policy: Policy | None = None,
        groups: GroupTree | None = None,
        name: str = "this worker",
        base_command: Sequence[str] = BASE_COMMAND,
        vitals: Vitals | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self._on_outcome = on_outcome
        self._name = name
        self._attempts: dict[Key, Attempt] = {}
        self._lock = Lock()
        self._launched: set[Key] = set()
        self._reactor = Reactor(clock)
        self._pulse = (vitals or Vitals()).watch("children", _BEAT_S)
        self._pool = ThreadPoolExecutor(_POOL, "supervisor-answer")
        self._services = Services(
            clock=clock,
            reactor=self._reactor,
            pool=self._pool,
            answer=answer,
            limits=limits or Limits(),
            policy=policy or Policy(),
            groups=groups,
            oom_watch=OomWatch(clock),
            rate=Rate(clock),
        )
        root = Root(self._services, base_command, child_environment(environ, pass_on), self._excuse)
        self._family = Family(self._services, root)
        self._waits = Waits(self._services, watcher, self._family.base) if watcher else None

    @property
    def live(self) -> frozenset[int]:
        """Ids of attempts that were launched and whose outcome was not delivered yet."""
        with self._lock:
            return frozenset(attempt_id for attempt_id, _ in self._launched)

    def start(self) -> None:
        """Start the IO thread and the base process."""
        self._reactor.start()
        self._reactor.post(self._family.start)
        self._reactor.post(self._beat)

    def close(self) -> None:
        """Kill what still runs, without delivering outcomes, and give everything back. May be repeated."""
        self._reactor.post(self._abandon)
        if self._waits is not None:
            self._reactor.post(self._waits.close)
        self._reactor.post(self._family.close)
        self._reactor.post(self._clear_groups)
        self._reactor.close()
        self._pool.shutdown(cancel_futures=True)

    def launch(self, job: Job, log: LogSink) -> None:
        """Run the job in a process of its own; the log belongs to the supervisor from now on.

        Raises Conflict once the supervisor is closed.
        """
        with self._lock:
            self._launched.add(_key(job))
        if not self._reactor.post(lambda: self._launch(job, log)):
            self._forget(job)
            raise Conflict(f"Attempt {job.attempt_id} cannot be launched: its worker was stopped.")

    def stop(self, attempt_id: int, reason: str, within_s: float | None = None) -> None:
        """End an attempt as cancelled: SIGTERM to its group, SIGKILL after `within_s` (None: the usual grace).

        Nothing happens if it ended; asked again, the shorter time counts.
        """
        self._reactor.post(lambda: self._stop(attempt_id, reason, within_s))

    def hold(self, until: float) -> None:
        """Let children live until an instant of the monotonic clock; called again, until a later one.

        The base process keeps to it by itself: it ends all below it even where this process is stopped or hangs, and
        where attempts ignore SIGTERM. Without any call they live on.
        """
        self._reactor.post(lambda: self._family.hold(until))

    def warm(self, code_root: str, file: str) -> None:
        """Import the file now, so that its next attempt starts at once."""
        source = Source(code_root, file, account=self._services.policy.default_account)
        self._reactor.post(lambda: self._family.warm(source))

    def watch(self, waits: Sequence[Wait]) -> None:
        """Watch triggers; the watcher hears how each wait ended, once."""
        if (watching := self._waits) is not None:
            self._reactor.post(lambda: watching.watch(waits))

    def unwatch(self, ids: Collection[int]) -> None:
        """Watch these no longer; nothing is heard of them any more, but what is under way."""
        if (watching := self._waits) is not None:
            self._reactor.post(lambda: watching.drop(ids))

    def parse(
        self,
        code_root: str,
        file: str,
        *,
        timeout_s: float,
        memory_bytes: int | None,
        packages: Path | None = None,
    ) -> ParsedFile:
        """Import a file in a child and return what it declares, or why it could not be imported. Blocks.

        `packages`: a folder from which it may import what this interpreter lacks.
        """
        request = ParseRequest(
            code_root=code_root, file=file, timeout_s=timeout_s, memory_bytes=memory_bytes, packages=packages
        )
        parse = Parse(self._services, request, retry=self._family.seat_alone)
        if not self._reactor.post(lambda: self._family.seat_parse(parse)):
            raise Conflict(f"{file} cannot be parsed: the supervisor was stopped.")
        return parse.result.result()

    def _beat(self) -> None:
        """Say that the IO thread comes round, now and in a while."""
        self._pulse.beat()
        self._reactor.call_later(_BEAT_S, self._beat)

    def _abandon(self) -> None:
        for attempt in self._attempts.values():
            attempt.abandon()
        self._attempts.clear()
        with self._lock:
            self._launched.clear()

    def _clear_groups(self) -> None:
        """Give back the groups of attempts that ended just now: what was in them is gone."""
        if self._services.groups is not None:
            self._services.groups.clear()

    def _excuse(self) -> None:
        """The base process died: no attempt is to blame, not even those that wait for their file's import."""
        for attempt in self._attempts.values():
            attempt.excuse()

    def _launch(self, job: Job, log: LogSink) -> None:
        refusal = ""
        try:
            bounds = bounds_of(job.isolation, self._services.policy)
        except NotGiven as error:
            bounds, refusal = Bounds(), str(error)
        log.masker.add(_given(job))
        attempt = self._attempts[_key(job)] = Attempt(self._services, job, log, bounds, self._deliver)
        attempt.say("info", f"{_title(job)} on {self._name}.")
        for line in _waited(job):
            attempt.say("info", line)
        if refusal:
            attempt.refuse(refusal)
        else:
            self._family.seat(attempt, Source(job.code_root, job.file))

    def _stop(self, attempt_id: int, reason: str, within_s: float | None) -> None:
        for attempt in list(self._attempts.values()):
            if attempt.job.attempt_id == attempt_id:
                attempt.stop(reason, within_s)

    def _deliver(self, attempt: Attempt, outcome: Outcome) -> None:
        del self._attempts[_key(attempt.job)]
        self._forget(attempt.job)
        self._on_outcome(outcome)

    def _forget(self, job: Job) -> None:
        with self._lock:
            self._launched.discard(_key(job))


def _key(job: Job) -> Key:
    return job.attempt_id, job.epoch


def _title(job: Job) -> str:
    what = f"{job.task_id}[{job.path}]" if job.path else job.task_id or f"{job.callback} callback"
    number = job.try_number - job.excused
    return f"Try {number} of {what}, run {job.run.run_id} of {job.run.dag_id}, attempt {job.attempt_id},"


def _given(job: Job) -> Iterator[str]:
    """Yield what a job brings along that is secret."""
    for values in (job.run.conf, job.run.params):
        yield from secrets_of_conf(values, job.secret_params, job.choice_params)
    yield from (job.resume or {}).get("secrets", ())


def _waited(job: Job) -> Iterator[str]:
    """Say in the log of a resumed attempt how the wait before it went."""
    if job.resume is not None:
        waited, since = job.resume["waited"], job.resume["since"]
        yield f"Goes on after it {waited}, since {since}."
        yield from (f"Meanwhile: {line}" for line in job.resume["said"])
