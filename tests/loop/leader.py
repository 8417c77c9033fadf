"""A leader without a thread: the real service with all its duties, a tick at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scheduler.cli.compose.house import House
from scheduler.cli.compose.schedulers import duties_of
from scheduler.cli.parts.corrected_clock import CorrectedClock
from scheduler.clock import SystemClock
from scheduler.config import load_settings
from scheduler.loop.effects import Effects
from scheduler.loop.leading import ROLE
from scheduler.loop.service import SWEEP_S, Service
from scheduler.security.secret_key import SecretKey
from scheduler.store.leaders import take_lead
from scheduler.store.tables import dag_run, dag_version, event
from tests.loop.engine import Engine
from tests.loop.test_leading import NoTickets
from tests.loop.test_service import Hand


@dataclass
class Leader:
    """The service with all the duties of a real one, a tick at a time."""

    engine: Engine
    service: Service
    clock: Hand

    def tick(self) -> None:
        """Do all duties; graphs are read anew."""
        self.clock.seconds += SWEEP_S
        self.service.tick(self.engine.now)

    def run(self, run_pk: int) -> sa.Row[Any]:
        with self.engine.db.read() as session:
            return session.execute(sa.select(dag_run).where(dag_run.c.id == run_pk)).one()

    def break_graph(self, dag_id: str, graph: str = '{"dag_id": 7}') -> None:
        _, version, _ = self.engine.specs[dag_id]
        with self.engine.db.write() as session:
            session.execute(sa.update(dag_version).values(graph=graph).where(dag_version.c.id == version))

    def told(self, kind: str) -> list[str]:
        with self.engine.db.read() as session:
            return list(session.scalars(sa.select(event.c.reason).where(event.c.kind == kind)))


def lead(engine: Engine, folder: Path) -> Leader:
    """Make a leader over the engine's database."""
    settings = load_settings({"DIRIGENT_HOME": str(folder)}, folder)
    house = House(settings, engine.db, SecretKey(("k" * 32,)), CorrectedClock(SystemClock()))
    clock, effects = Hand(), Effects()
    engine.db.transact(lambda session: take_lead(session, ROLE, "here", 3600))
    service = Service(
        engine.db,
        duties_of(house, effects),
        effects,
        publish=NoTickets(),
        clock=clock,
        holder="here",
        on_lead=lambda: None,
        on_yield=lambda: None,
    )
    return Leader(engine, service, clock)
