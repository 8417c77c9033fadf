"""`python -m benchmarks [NAME ...] [--runs N] [--distributed | --database URL --broker URL]`; without a name, all.

`--distributed` measures scheduler, worker and page as processes of their own, on a PostgreSQL and a Redis of its own.
`--airflow PROGRAM` measures Apache Airflow beside it, on a PostgreSQL (and a Redis) of its own; `AIRFLOW__*` tunes it.

`python -m benchmarks tickets --redis URL --amqp URL` compares ways to deliver tickets.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import tickets
from benchmarks.airflow import airflow, tuned
from benchmarks.figures import Figure, show_machine, show_ratio
from benchmarks.floors import Floors, measure_floors
from benchmarks.flows import OWN as OWN_FLOWS
from benchmarks.flows import SHARED
from benchmarks.heavy import heavy
from benchmarks.planner import planner
from benchmarks.punctuality import punctuality
from benchmarks.queries import queries
from benchmarks.scale import scale
from benchmarks.server import SLOTS, Done, Server, distributed, serving
from benchmarks.services import private_services
from benchmarks.starts import STARTS
from benchmarks.waits import waits

#: Measured on servers of their own.
ALONE = {
    **STARTS,
    "queries": queries,
    "punctuality": punctuality,
    "planner": planner,
    "scale": scale,
    "waits": waits,
}
OWN = {**OWN_FLOWS, "heavy": heavy}
FLOWS = (*OWN, *SHARED)
NAMES = [*ALONE, *FLOWS]


def main(arguments: list[str]) -> None:
    """Measure what was named."""
    if arguments[:1] == ["tickets"]:
        tickets.main(arguments[1:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--runs", type=int, default=5, help="runs of each, after one to warm up")
    parser.add_argument("--distributed", action="store_true", help="on private servers; the flows only")
    parser.add_argument("--database", help="an empty PostgreSQL database; else SQLite")
    parser.add_argument("--broker", help="Redis or RabbitMQ; else the in-process broker")
    parser.add_argument(
        "--airflow", type=Path, metavar="PROGRAM", help="its `airflow`; what it shares of NAME"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}, tickets")
    if options.airflow and not options.airflow.is_file():
        parser.error(f"--airflow names the program itself; there is no file {options.airflow}")
    if options.distributed:
        ours = measure_distributed([name for name in options.names or NAMES if name in FLOWS], options.runs)
    else:
        ours = measure(options.names or NAMES, options.runs, options.database, options.broker)
    if options.airflow:
        measure_airflow(options.airflow.absolute(), options.runs, ours, is_distributed=options.distributed)


def measure(
    names: list[str], runs: int, database: str | None, broker: str | None
) -> dict[str, Sequence[Done]]:
    """Measure starts on servers of their own, then flows on one that all share."""
    given = {"database_url": database, "broker_url": broker}
    settings = {name: url for name, url in given.items() if url}
    show_machine("PostgreSQL" if database else "SQLite", (broker or "in-process").partition(":")[0])
    for name in names:
        if name in ALONE:
            ALONE[name](settings, runs)
    flows = [name for name in names if name in FLOWS]
    if not flows:
        return {}
    with tempfile.TemporaryDirectory() as folder, serving(**settings) as server:
        floors = measure_floors(
            broker or "inproc://floor", database or f"sqlite:///{Path(folder) / 'floor.db'}"
        )
        return measure_flows(flows, server, runs, floors)


def measure_distributed(names: list[str], runs: int) -> dict[str, Sequence[Done]]:
    """Measure flows on a scheduler, a worker and a page of their own."""
    show_machine("PostgreSQL, fsync on", f"redis; scheduler, worker of {SLOTS} slots, page")
    with private_services() as settings, distributed(**settings) as server:
        floors = measure_floors(settings["broker_url"], settings["database_url"])
        return measure_flows(names, server, runs, floors)


def measure_flows(names: list[str], server: Server, runs: int, floors: Floors) -> dict[str, Sequence[Done]]:
    """Measure flows; return those that a peer can run too."""
    for name in names:
        if name in OWN:
            OWN[name](server, runs, floors)
    return {name: SHARED[name](server, runs, floors) for name in names if name in SHARED}


def measure_airflow(
    program: Path, runs: int, ours: dict[str, Sequence[Done]], *, is_distributed: bool
) -> None:
    """Measure the same flows there, and say how many times as long they take."""
    with private_services() as services:
        floors = measure_floors(services["broker_url"], services["database_url"])
        broker = services["broker_url"] if is_distributed else None
        with airflow(program, services["database_url"], broker, SLOTS) as peer:
            changed = ", ".join(f"{name}={value}" for name, value in tuned().items())
            print(f"\n{peer.name}, {peer.executor}; {changed or 'its defaults'}", flush=True)
            for name, own in ours.items():
                theirs = SHARED[name](peer, runs, floors)
                show_ratio(
                    peer.name,
                    Figure(name, [each.total_s for each in own], "s"),
                    Figure(name, [each.total_s for each in theirs], "s"),
                )


main(sys.argv[1:])
