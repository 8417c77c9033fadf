"""`python -m benchmarks [NAME ...] [--runs N] [--distributed | --database URL --broker URL]`; without a name, all.

`--distributed` measures scheduler, worker and page as processes of their own, on a PostgreSQL and a Redis of its own.

`python -m benchmarks tickets --redis URL --amqp URL` compares ways to deliver tickets.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import tickets
from benchmarks.figures import show_machine
from benchmarks.floors import measure_floors
from benchmarks.flows import FLOWS
from benchmarks.planner import planner
from benchmarks.punctuality import punctuality
from benchmarks.queries import queries
from benchmarks.server import SLOTS, distributed, serving
from benchmarks.services import private_services
from benchmarks.starts import STARTS

#: Measured on servers of their own.
ALONE = {**STARTS, "queries": queries, "punctuality": punctuality, "planner": planner}
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
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}, tickets")
    if options.distributed:
        measure_distributed([name for name in options.names or NAMES if name in FLOWS], options.runs)
    else:
        measure(options.names or NAMES, options.runs, options.database, options.broker)


def measure(names: list[str], runs: int, database: str | None, broker: str | None) -> None:
    """Measure starts on servers of their own, then flows on one that all share."""
    given = {"database_url": database, "broker_url": broker}
    settings = {name: url for name, url in given.items() if url}
    show_machine("PostgreSQL" if database else "SQLite", (broker or "in-process").partition(":")[0])
    for name in names:
        if name in ALONE:
            ALONE[name](settings, runs)
    flows = [name for name in names if name in FLOWS]
    if flows:
        with tempfile.TemporaryDirectory() as folder, serving(**settings) as server:
            floors = measure_floors(
                broker or "inproc://floor", database or f"sqlite:///{Path(folder) / 'floor.db'}"
            )
            for name in flows:
                FLOWS[name](server, runs, floors)


def measure_distributed(names: list[str], runs: int) -> None:
    """Measure flows on a scheduler, a worker and a page of their own."""
    show_machine("PostgreSQL, fsync on", f"redis; scheduler, worker of {SLOTS} slots, page")
    with private_services() as settings, distributed(**settings) as server:
        floors = measure_floors(settings["broker_url"], settings["database_url"])
        for name in names:
            FLOWS[name](server, runs, floors)


main(sys.argv[1:])
