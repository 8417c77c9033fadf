"""A scheduler and workers without processes: the real store, loop and report, driven step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal, TypeAlias, get_args

import sqlalchemy as sa

from scheduler.core.graph import TaskGraph
from scheduler.core.states import RunType
from scheduler.dispatch.losses import record_losses
from scheduler.dispatch.report import Recorder, Report
from scheduler.loop.admitting import AdmitTasks
from scheduler.loop.alarms import Alarms
from scheduler.loop.duties import StartRuns, Together, wake_runs
from scheduler.loop.effects import Effects
from scheduler.loop.handing_on import HandOn, hand_on_apart, hand_on_beside
from scheduler.loop.planning import PlanRuns
from scheduler.store.assets import put_uses
from scheduler.store.claims import Claimed, claim_attempts
from scheduler.store.engine import Database, Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.leases import expire_worker, expired_attempts
from scheduler.store.new_runs import NewRun, create_run
from scheduler.store.tables import attempt, dag, dag_run, dag_version, snapshot, task_instance
from scheduler.store.versions import store_version
from scheduler.store.workers import register_worker
from scheduler.wire import DagSpec, Outcome, TaskSpec, dag_to_json

Way: TypeAlias = Literal["", "beside", "apart"]
WAYS: tuple[Way, ...] = get_args(Way)

#: Rounds in which every run of these tests must come to rest.
_ENOUGH = 200
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def task(task_id: str, *upstream: str, **fields) -> TaskSpec:
    return TaskSpec(task_id=task_id, operator="EmptyOperator", upstream=tuple(sorted(upstream)), **fields)


def spec(*tasks: TaskSpec, dag_id: str = "orders", **fields) -> DagSpec:
    return DagSpec(dag_id=dag_id, file=f"{dag_id}.py", tasks=tasks, **fields)


def _success(claim: Claimed) -> Outcome:
    return Outcome(attempt_id=claim.id, epoch=claim.epoch, state="success", xcoms={"return_value": 1})


@dataclass
class Engine:
    """One leader, and workers that do as they are told."""

    db: Database
    now: datetime = NOW
    slots: int = 8
    effects: Effects = field(default_factory=Effects)
    alarms: Alarms = field(default_factory=Alarms)
    graphs: GraphCache = field(default_factory=GraphCache)
    specs: dict[str, tuple[DagSpec, int, int]] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)
    #: Whether a report plans what follows itself: where one process leads and works, or as a worker of its own does.
    hands_on: Way = ""

    def __post_init__(self) -> None:
        self.meet_workers()

    def meet_workers(self) -> None:
        """Begin anew what hands on: it remembers who is alive, and the rules of alerts."""
        self._beside = hand_on_beside(
            self.graphs, lambda: self.hands_on == "beside", Effects(self.alarms, self.effects.most_items)
        )
        self._apart = hand_on_apart(self.graphs)

    @property
    def successors(self) -> HandOn:
        """What the worker asks that reports now."""
        return self._apart if self.hands_on == "apart" else self._beside

    def define(self, graph: DagSpec) -> None:
        """Store a DAG as parsing would."""
        with self.db.write() as session:
            snap = session.execute(
                sa.insert(snapshot)
                .values(hash=f"h{next(self.numbers)}", manifest={}, created_at=self.now)
                .returning(snapshot.c.id)
            ).scalar_one()
            version = session.execute(
                sa.insert(dag_version)
                .values(
                    dag_id=graph.dag_id,
                    number=next(self.numbers) + 1,
                    hash=f"v{next(self.numbers)}",
                    graph=dag_to_json(graph),
                    snapshot_id=snap,
                    created_at=self.now,
                )
                .returning(dag_version.c.id)
            ).scalar_one()
            session.execute(
                sa.insert(dag).values(
                    dag_id=graph.dag_id,
                    file=graph.file,
                    version_id=version,
                    snapshot_id=snap,
                    owner=graph.owner,
                    alerts=list(graph.alerts) or None,
                    max_active_runs=graph.max_active_runs,
                    created_at=self.now,
                )
            )
            put_uses(session, self.now, [graph])
        self.specs[graph.dag_id] = (graph, version, snap)

    def redefine(self, graph: DagSpec) -> None:
        """Store new code of a DAG."""
        _, _, snap = self.specs[graph.dag_id]
        with self.db.write() as session:
            version = store_version(session, graph, snap, self.now).id
            session.execute(sa.update(dag).values(version_id=version).where(dag.c.dag_id == graph.dag_id))
        self.specs[graph.dag_id] = (graph, version, snap)

    def trigger(
        self, dag_id: str = "orders", run_id: str | None = None, logical_date: datetime | None = None
    ) -> int:
        """Create a run by hand; return its key."""
        graph, version, snap = self.specs[dag_id]
        name = run_id or f"manual__{next(self.numbers)}"
        new = NewRun(
            dag_id=dag_id,
            run_id=name,
            trigger_key=f"manual:{name}",
            run_type=RunType.MANUAL,
            version_id=version,
            snapshot_id=snap,
            run_after=self.now,
            logical_date=logical_date,
            conf={},
            params={},
        )
        with self.db.write() as session:
            run_pk = create_run(session, self.now, new, TaskGraph(graph))
        assert run_pk is not None
        return run_pk

    def worker(
        self, name: str = "w1", queues: Sequence[str] = ("default",), slots: int | None = None
    ) -> None:
        """Make a worker known, to the leader too, which asks once a second: here no time passes by itself."""
        self.meet_workers()
        with self.db.write() as session:
            register_worker(
                session,
                self.now,
                worker_id=name,
                hostname=name,
                pid=1,
                queues=queues,
                slots=slots or self.slots,
                version="",
                lease_s=3600,
            )

    def advance(self) -> int:
        """Do what the leader does when it is woken."""
        return self.db.transact(self.advance_in)

    def advance_in(self, session: Session) -> int:
        """Do the same in a transaction of the caller's."""
        duties = Together(
            (
                wake_runs,
                StartRuns(self.graphs, alarms=self.alarms),
                PlanRuns(self.graphs, self.effects),
                AdmitTasks(self.graphs, self.effects),
            )
        )
        return duties(session, self.now, 100)

    def claim(
        self, name: str = "w1", limit: int = 8, lease_s: float = 3600, queues: Sequence[str] = ("default",)
    ) -> list[Claimed]:
        """Let a worker claim."""
        return self.db.transact(lambda session: self._claim(session, name, limit, lease_s, queues))

    def _claim(
        self, session: Session, name: str, limit: int, lease_s: float, queues: Sequence[str]
    ) -> list[Claimed]:
        return claim_attempts(
            session, self.now, worker_id=name, hostname=name, queues=queues, limit=limit, lease_s=lease_s
        )

    def report(self, *claims: Claimed, state: Any = "success", **fields: Any) -> list[Report]:
        """Report the same outcome for these claims; return what was refused."""
        reports = [
            Report(claim, Outcome(attempt_id=claim.id, epoch=claim.epoch, state=state, **fields))
            for claim in claims
        ]
        return self.db.transact(lambda session: self._record(session, reports))

    def _record(self, session: Session, reports: Sequence[Report]) -> list[Report]:
        refused = Recorder(self.graphs, lambda: 0.0, self.successors).record(session, self.now, reports)
        self.successors.admit(session, self.now)
        return refused

    def exchange(
        self, *claims: Claimed, name: str = "w1", limit: int = 8, queues: Sequence[str] = ("default",)
    ) -> list[Claimed]:
        """Report success and claim in one transaction, as a worker does."""

        def work(session: Session) -> list[Claimed]:
            self._record(session, [Report(each, _success(each)) for each in claims])
            return self._claim(session, name, limit, 3600, queues)

        return self.db.transact(work)

    def kill(self, name: str) -> int:
        """Let a worker be dead: its leases run out and the leader notices."""

        def rescue(session: Session) -> int:
            expire_worker(session, name)
            return len(record_losses(session, self.now, expired_attempts(session, 1000), self.graphs))

        return self.db.transact(rescue)

    def run_to_end(self, name: str = "w1", queues: Sequence[str] = ("default",), **outcome) -> None:
        """Advance, claim and report until nothing moves."""
        for _ in range(_ENOUGH):
            while self.advance():
                pass
            claims = self.claim(name, queues=queues)
            if not claims:
                return
            self.report(*claims, **outcome)
        raise AssertionError("the run never came to rest")

    def wait(self, **delay: float) -> None:
        """Let time pass."""
        self.now += timedelta(**delay)

    def states(self, run_pk: int) -> dict[str, str]:
        """Return the state of each task of a run."""
        query = sa.select(task_instance.c.task_id, task_instance.c.state).where(
            task_instance.c.run_pk == run_pk
        )
        with self.db.read() as session:
            return {row.task_id: row.state for row in session.execute(query)}

    def run_state(self, run_pk: int) -> str:
        """Return the state of a run."""
        with self.db.read() as session:
            return str(session.execute(sa.select(dag_run.c.state).where(dag_run.c.id == run_pk)).scalar_one())

    def reason(self, run_pk: int) -> str:
        """Return why a run ended as it did."""
        with self.db.read() as session:
            return str(
                session.execute(sa.select(dag_run.c.reason).where(dag_run.c.id == run_pk)).scalar_one()
            )

    def attempts(self, run_pk: int) -> list[tuple[str, int, str]]:
        """Return task, try number and state of each attempt of a run, oldest first."""
        query = (
            sa.select(task_instance.c.task_id, attempt.c.try_number, attempt.c.state)
            .join(task_instance, task_instance.c.id == attempt.c.ti_id)
            .where(attempt.c.run_pk == run_pk)
            .order_by(attempt.c.id)
        )
        with self.db.read() as session:
            return [(row.task_id, row.try_number, row.state) for row in session.execute(query)]
