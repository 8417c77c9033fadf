"""The sizes at which pages are measured: `python -m benchmarks.sizes FOLDER [--database URL]` makes them.

5,000 DAGs and 1,000,000 task instances of history; among them `wide`, 1,000 tasks in 20 groups with 100 runs,
`mapped`, whose one task has 10,000 instances, and `loud`, whose log has 10 MB. FOLDER becomes the home folder of a
server: `DIRIGENT_HOME=FOLDER dirigent web` shows them.
"""

from __future__ import annotations

import argparse
import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from benchmarks.crowd import Crowd, count_on, fill, load, minutes_ago, numbers, text_of
from scheduler.clock import SystemClock
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import STDERR, STDOUT, encode_line
from scheduler.store.engine import Database, Session
from scheduler.store.migrate import upgrade
from scheduler.store.tables import (
    attempt,
    blob,
    dag,
    dag_run,
    dag_version,
    event,
    snapshot,
    task_instance,
)
from scheduler.wire import DagSpec, GroupSpec, MapSpec, TaskSpec, dag_to_json

#: Ids of what is added to the crowd begin here.
FIRST_ID: Final = 20_000_000
LOUD_RUN: Final = "loud-1"
_FILE: Final = "sizes.py"
_SOURCE: Final = b"# The DAGs of this file were written to the database by a benchmark.\n"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is."""

    dags: int = 5_000
    history: int = 900_000  #: task instances of ended runs, 10 a run
    tasks: int = 1_000
    runs: int = 100
    instances: int = 10_000
    log_bytes: int = 10_000_000


def make(db: Database, logs: Path, sizes: Sizes, now: datetime) -> None:
    """Fill an empty database and a log folder."""
    load(db, Crowd(dags=sizes.dags, runs=sizes.history // 10), now)
    with db.write() as session:
        _add_file(session, now)
        _add_wide(session, 1, sizes, now)
        _add_mapped(session, 2, sizes, now)
        _add_loud(session, 3, now)
        if session.dialect.name == "postgresql":
            count_on(session)
    if db.url.get_backend_name() == "postgresql":
        with db.write() as session:
            session.exec_driver_sql("ANALYZE")
    write_log(logs, sizes.log_bytes, now)


def write_log(folder: Path, size: int, now: datetime) -> Path:
    """Write the log of `loud`: colours, groups, links, and a traceback at its end."""
    place = LogAddress(dag_id="loud", run_id=LOUD_RUN, attempt_id=FIRST_ID * 3 + 1, task_id="shout")
    file = place.file(folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with file.open("wb") as stream:
        for number in range(1_000_000_000):
            for text in _said(number):
                written += stream.write(encode_line(now, "info", STDOUT, text))
            if written > size:
                break
        for text in ("Traceback (most recent call last):", '  File "shout.py", line 7', "KeyError: 'voice'"):
            stream.write(encode_line(now, "error", STDERR, text))
        stream.write(encode_line(now, "info", "dirigent", "failed", is_last=True))
    return file


def _said(number: int) -> tuple[str, ...]:
    if number % 1000:
        return (f"order {number}: \x1b[32mpacked\x1b[0m, see https://shop.example/orders/{number}",)
    return ("::endgroup::", f"::group::batch {number // 1000}", "WARNING the printer is slow")


def _add_file(session: Session, now: datetime) -> None:
    name = hashlib.sha256(_SOURCE).hexdigest()
    session.execute(sa.insert(blob).values(hash=name, data=zlib.compress(_SOURCE), size=len(_SOURCE)))
    manifest = {_FILE: [name, len(_SOURCE), 420]}
    session.execute(sa.insert(snapshot).values(id=FIRST_ID, hash="sizes", manifest=manifest, created_at=now))


def _add_wide(session: Session, number: int, sizes: Sizes, now: datetime) -> None:
    """Groups of equal size, one after the other; in each, tasks that fan out and come together."""
    size = sizes.tasks // 20
    groups = tuple(GroupSpec(group_id=f"g{at}", label=f"stage {at}") for at in range(20))
    tasks = tuple(_wide_task(at, place, size) for at in range(20) for place in range(size))
    version = _add_dag(session, number, DagSpec(dag_id="wide", file=_FILE, groups=groups, tasks=tasks), now)
    _add_runs(session, version, "wide", sizes.runs, now)
    for at in range(20):
        place = numbers(size, f"wide{at}")
        name = sa.literal(f"g{at}.t") + text_of(place.c.n - 1)
        _add_tasks(session, version, place, at * size, name, sa.literal(""))


def _wide_task(at: int, place: int, size: int) -> TaskSpec:
    first, last = f"g{at}.t0", f"g{at - 1}.t{size - 1}"
    upstream: tuple[str, ...] = (first,)
    if place == 0:
        upstream = (last,) if at else ()
    elif place == size - 1 and size > 2:
        upstream = tuple(f"g{at}.t{each}" for each in range(1, size - 1))
    return TaskSpec(
        task_id=f"g{at}.t{place}", label=f"t{place}", group_id=f"g{at}", operator="BashOperator",
        upstream=upstream,
    )  # fmt: skip


def _add_mapped(session: Session, number: int, sizes: Sizes, now: datetime) -> None:
    mapping = MapSpec(arguments=("item",), factors=(sizes.instances,))
    task = TaskSpec(task_id="each", operator="_PythonTask", mapping=mapping)
    version = _add_dag(session, number, DagSpec(dag_id="mapped", file=_FILE, tasks=(task,)), now)
    _add_runs(session, version, "mapped", 1, now)
    place = numbers(sizes.instances, "mapped_places")
    _add_tasks(session, version, place, 0, sa.literal("each"), text_of(place.c.n - 1))


def _add_loud(session: Session, number: int, now: datetime) -> None:
    task = TaskSpec(task_id="shout", operator="_PythonTask")
    version = _add_dag(session, number, DagSpec(dag_id="loud", file=_FILE, tasks=(task,)), now)
    _add_runs(session, version, "loud", 1, now)
    _add_tasks(session, version, numbers(1, "loud_places"), 0, sa.literal("shout"), sa.literal(""))


def _add_dag(session: Session, number: int, spec: DagSpec, now: datetime) -> int:
    """Store a DAG; return the id of its version, which is where the ids of its rows begin too."""
    version, graph = FIRST_ID * number, dag_to_json(spec)
    given = {"dag_id": spec.dag_id, "snapshot_id": FIRST_ID, "created_at": now}
    name = hashlib.sha256(graph.encode()).hexdigest()
    session.execute(sa.insert(dag_version).values(**given, id=version, number=1, hash=name, graph=graph))
    session.execute(sa.insert(dag).values(**given, file=spec.file, version_id=version))
    return version


def _add_runs(session: Session, version: int, dag_id: str, count: int, now: datetime) -> None:
    number = numbers(count, f"{dag_id}_runs")
    began = minutes_ago(session, now, (count - number.c.n) * 60 + 65)
    ended = minutes_ago(session, now, (count - number.c.n) * 60 + 5)
    name = sa.literal(f"{dag_id}-") + text_of(number.c.n)
    given: dict[str, Any] = {
        "id": number.c.n + version, "dag_id": dag_id, "run_id": name, "trigger_key": name,
        "run_type": "scheduled", "state": sa.case((number.c.n % 7 == 0, "failed"), else_="success"),
        "version_id": version, "snapshot_id": FIRST_ID, "logical_date": began, "run_after": began,
        "queued_at": began, "start_date": began, "end_date": ended, "counted_end": ended,
        "conf": {}, "params": {}, "needs_planning": False,
    }  # fmt: skip
    fill(session, dag_run, number, given)


def _add_tasks(
    session: Session,
    version: int,
    place: sa.CTE,
    before: int,
    task_id: sa.ColumnElement[str],
    path: sa.ColumnElement[str],
) -> None:
    """Give each run of a version these tasks, with one attempt and one event each; `before`: how many it has."""
    chosen = sa.select(dag_run).where(dag_run.c.version_id == version).subquery("own_runs")
    rows = chosen.join(place, sa.true())
    key = version + (chosen.c.id - version - 1) * 100_000 + before + place.c.n
    state = sa.case((sa.and_(chosen.c.state == "failed", place.c.n == 1), "failed"), else_="success")
    shared = {"run_pk": chosen.c.id, "state": state, "queue": "default", "start_date": chosen.c.start_date}
    ended = {"end_date": chosen.c.end_date, "queued_at": chosen.c.start_date, "try_number": 1}
    task = {"id": key, "task_id": task_id, "path": path, "pool": "default_pool"}
    fill(session, task_instance, rows, shared | ended | task)
    fill(
        session, attempt, rows, shared | ended | {"id": key, "ti_id": key, "kind": "task", "is_counted": True}
    )
    told = {
        "at": chosen.c.end_date,
        "kind": "task.state",
        "run_pk": chosen.c.id,
        "ti_id": key,
        "to_state": state,
    }
    fill(session, event, rows, told)


def main() -> None:
    """Make them in a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, help="becomes a home folder; no database may be in it")
    parser.add_argument("--database", help="an empty PostgreSQL database; else SQLite in the folder")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    db = Database(options.database or f"sqlite:///{options.folder / 'dirigent.db'}")
    upgrade(db)
    make(db, options.folder / "logs", Sizes(), SystemClock().now())
    db.close()


if __name__ == "__main__":
    main()
