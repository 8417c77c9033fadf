"""Take over what another system knows: variables, connections, pools, pause flags, and how far its DAGs came.

Each entry becomes a step, which says what it would do and how to do it; a dry run stops there. What is here and
differs stays, unless overwriting was asked for; the same export twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Final, Literal, TypeVar

from scheduler.core.meanings import as_meant
from scheduler.core.timetables import Due
from scheduler.errors import DirigentError
from scheduler.operations.connections import check_connection, set_connection
from scheduler.operations.pools import check_pool, set_pool
from scheduler.operations.schedule_meaning import apply_meaning, count_next
from scheduler.operations.variables import check_variable, set_variable
from scheduler.store import dags
from scheduler.store.ciphers import Cipher
from scheduler.store.connections import Connection, load_connections
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.origins import DagOrigin, load_origins, put_origins
from scheduler.store.plans import ask_for_plans
from scheduler.store.pools import Pool, list_pools
from scheduler.store.transaction import request_wake
from scheduler.store.variables import get_variables, list_variables
from scheduler.store.versions import load_graph

Action = Literal["create", "replace", "keep", "unchanged", "leave out", "pause", "unpause"]
Write = Callable[[Session], object]
T = TypeVar("T")
#: What steps are about, of a DAG.
STAND: Final = "schedule"
PAUSE: Final = "dag"
_DIFFERS: Final = "differs here; --overwrite replaces it"
_ACTIVE_THERE: Final = (
    "active there and paused here: unpause it once it no longer runs there, or say --activate"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A variable there."""

    key: str
    value: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a DAG stands there; None where nothing is known."""

    dag_id: str
    is_paused: bool | None = None
    last: Due | None = None
    schedule_meaning: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with one entry, in words that tell no secret; `write` does it."""

    kind: str
    name: str
    action: Action
    detail: str = ""
    write: Write | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """All that was read there. `refused`: what could not be, already as steps that leave it out."""

    variables: tuple[Text, ...] = ()
    connections: tuple[Connection, ...] = ()
    pools: tuple[Pool, ...] = ()
    dags: tuple[Stand, ...] = ()
    refused: tuple[Step, ...] = ()

    def __add__(self, other: Goods) -> Goods:
        """Return the goods of both."""
        names = [field.name for field in fields(self)]
        return Goods(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True)
class TakeOver:
    """One call: when, by whom, and what is asked for."""

    now: datetime
    cipher: Cipher
    actor: str
    is_overwriting: bool = False
    is_activating: bool = False  #: what is active there becomes active here

    def weigh(self, session: Session, goods: Goods) -> list[Step]:
        """Return what is to be done, in the order in which it is; writes nothing."""
        return [
            *goods.refused,
            *self._variables(session, goods.variables),
            *self._connections(session, goods.connections),
            *self._pools(session, goods.pools),
            *self._dags(session, goods.dags),
        ]

    def carry_out(self, session: Session, goods: Goods) -> list[Step]:
        """Do it, and return what was done."""
        steps = self.weigh(session, goods)
        for step in steps:
            if step.write is not None:
                step.write(session)
        self._move_on(session, {each.name for each in steps if each.kind == STAND and each.write})
        return steps

    def _variables(self, session: Session, wanted: Iterable[Text]) -> Iterator[Step]:
        notes = {each.key: each.description for each in list_variables(session)}
        values = get_variables(session, self.cipher, list(notes))
        here = {key: Text(key, value, notes[key]) for key, value in values.items()}
        for text in wanted:
            yield self._step("variable", text.key, text, here, _check_text, self._set_variable)

    def _connections(self, session: Session, wanted: Iterable[Connection]) -> Iterator[Step]:
        here = {each.conn_id: each for each in load_connections(session, self.cipher)}
        for each in wanted:
            yield self._step("connection", each.conn_id, each, here, check_connection, self._set_connection)

    def _pools(self, session: Session, wanted: Iterable[Pool]) -> Iterator[Step]:
        here = {each.name: each for each in list_pools(session)}
        for pool in wanted:
            yield self._step("pool", pool.name, pool, here, _check_pool, self._set_pool)

    def _set_variable(self, session: Session, wanted: Text) -> None:
        note, actor = wanted.description, self.actor
        set_variable(session, self.now, self.cipher, wanted.key, wanted.value, description=note, actor=actor)

    def _set_connection(self, session: Session, wanted: Connection) -> None:
        set_connection(session, self.now, self.cipher, wanted, actor=self.actor)

    def _set_pool(self, session: Session, wanted: Pool) -> None:
        set_pool(
            session,
            self.now,
            wanted.name,
            wanted.slots,
            description=wanted.description,
            include_deferred=wanted.include_deferred,
            actor=self.actor,
        )

    def _step(
        self,
        kind: str,
        name: str,
        wanted: T,
        here: Mapping[str, T],
        check: Callable[[T], object],
        put: Callable[[Session, T], object],
    ) -> Step:
        try:
            check(wanted)
        except DirigentError as error:
            return Step(kind, name, "leave out", str(error))
        write = partial(_put, put=put, wanted=wanted)
        if name not in here:
            return Step(kind, name, "create", "", write)
        if here[name] == wanted:
            return Step(kind, name, "unchanged")
        return (
            Step(kind, name, "replace", "", write)
            if self.is_overwriting
            else Step(kind, name, "keep", _DIFFERS)
        )

    def _dags(self, session: Session, stands: Collection[Stand]) -> Iterator[Step]:
        here = {each.dag_id: each for each in dags.list_dags(session)}
        known = load_origins(session, [each.dag_id for each in stands])
        for stand in stands:
            before = known.get(stand.dag_id)
            yield from self._stand_steps(stand, before)
            if stand.is_paused is not None:
                yield self._pause_step(stand, before, here.get(stand.dag_id))

    def _stand_steps(self, stand: Stand, before: DagOrigin | None) -> Iterator[Step]:
        if stand.last is None:
            return
        kept = before or DagOrigin(dag_id=stand.dag_id)
        words = f"scheduled runs start after {stand.last.logical_date.isoformat()}"
        wanted = replace(
            kept, last=stand.last, schedule_meaning=kept.schedule_meaning or stand.schedule_meaning
        )
        if wanted == kept:
            yield Step(STAND, stand.dag_id, "unchanged", words)
        elif kept.last and kept.last.run_at > stand.last.run_at and not self.is_overwriting:
            yield Step(STAND, stand.dag_id, "keep", f"runs start after {kept.last.logical_date.isoformat()}")
        else:
            action: Action = "create" if kept.last is None else "replace"
            yield Step(STAND, stand.dag_id, action, words, lambda session: put_origins(session, [wanted]))

    def _pause_step(self, stand: Stand, before: DagOrigin | None, here: dags.DagRow | None) -> Step:
        wish = self._wish(stand, before)
        if wish is None:
            is_waiting = not stand.is_paused and (here is None or here.is_paused)
            return Step(
                PAUSE,
                stand.dag_id,
                "keep" if is_waiting else "unchanged",
                _ACTIVE_THERE if is_waiting else "",
            )
        if (before and before.is_paused) == wish and (here is None or here.is_paused == wish):
            return Step(PAUSE, stand.dag_id, "unchanged", "paused" if wish else "active")
        words = "" if here else "its file is not here yet: it arrives so"
        return Step(
            PAUSE,
            stand.dag_id,
            "pause" if wish else "unpause",
            words,
            lambda session: self._set_paused(session, stand.dag_id, wish, is_here=here is not None),
        )

    def _wish(self, stand: Stand, before: DagOrigin | None) -> bool | None:
        """Return how a DAG is to be; None: as it is. What people did here since it was taken over stays."""
        if stand.is_paused:
            is_first = before is None or before.is_paused is None
            return True if is_first or self.is_overwriting else None
        return False if self.is_activating else None

    def _set_paused(self, session: Session, dag_id: str, wish: bool, *, is_here: bool) -> None:
        origin = load_origins(session, [dag_id]).get(dag_id, DagOrigin(dag_id=dag_id))
        put_origins(session, [replace(origin, is_paused=wish)])
        if is_here:
            dags.set_paused(session, self.now, [dag_id], is_paused=wish, actor=self.actor)

    def _move_on(self, session: Session, dag_ids: set[str]) -> None:
        """Count the next runs of DAGs that are here from where they stand now."""
        if not dag_ids:
            return
        here = [each for each in dags.list_dags(session) if each.dag_id in dag_ids]
        meanings = load_origins(session, [each.dag_id for each in here])
        for row in here:
            spec = load_graph(session, row.version_id)
            meant = as_meant(spec, meanings[row.dag_id].schedule_meaning)
            if spec.schedule.kind == "own":
                ask_for_plans(session, self.now, [row.dag_id])
            elif meant == spec:
                count_next(session, self.now, row.dag_id, spec)
            else:
                apply_meaning(session, self.now, row, meant)
        append(
            session,
            [
                Event(at=self.now, kind="dag.taken_over", dag_id=each, actor=self.actor)
                for each in sorted(dag_ids)
            ],
        )
        request_wake(session)


def _check_text(text: Text) -> None:
    check_variable(text.key, text.value, text.description)


def _check_pool(pool: Pool) -> None:
    check_pool(pool.name, pool.slots, pool.description)


def _put(session: Session, *, put: Callable[[Session, T], object], wanted: T) -> None:
    put(session, wanted)
