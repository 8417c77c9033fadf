"""Runs of many tasks: chain40, mapped40, fan40, fan1000, long10, the latency of one, and a row beside loud tasks."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.figures import Figure, percentile, show
from benchmarks.floors import Floors
from benchmarks.server import Done, Peer, Server, log_bytes, own_cpu_share, wait_until

HEAD = """
import os
from scheduler import DAG, PythonOperator, chain

def note(name):
    ledger = os.open(LEDGER, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(ledger, f"{name}\\n".encode())
    os.close(ledger)

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def work(name, n=0):
    note(name)
    return fib(n)

def make(name, n=0):
    return PythonOperator(task_id=name, python_callable=work, op_kwargs={"name": name, "n": n})
"""
CHAIN40 = (
    HEAD
    + """
with DAG("chain40", schedule=None):
    chain(*[make(f"t{i}") for i in range(40)])
"""
)
MAPPED40 = (
    HEAD
    + """
from scheduler import task_group

with DAG("mapped40", schedule=None):
    @task_group
    def row(number):
        chain(
            *[
                PythonOperator(task_id=f"t{i}", python_callable=work, op_kwargs={"name": f"row.t{i}"})
                for i in range(40)
            ]
        )

    row.expand(number=[1])
"""
)
FAN40 = (
    HEAD
    + """
with DAG("fan40", schedule=None, max_active_tasks=64):
    [make(f"t{i}", 10) for i in range(40)] >> make("join")
"""
)
FAN1000 = (
    HEAD
    + """
with DAG("fan1000", schedule=None, max_active_tasks=64):
    [make(f"t{i}") for i in range(1000)]
"""
)
LONG10 = (
    HEAD
    + """
with DAG("long10", schedule=None):
    chain(*[make(f"t{i}", 33) for i in range(10)])
"""
)
LOUD = (
    HEAD
    + """
def shout():
    lines = (b"x" * 99 + b"\\n") * 600
    while not os.path.exists(LEDGER + ".quiet"):
        os.write(1, lines)

with DAG("loud", schedule=None):
    [PythonOperator(task_id=f"t{i}", python_callable=shout) for i in range(3)]
"""
)
ONE = (
    HEAD
    + """
with DAG("one", schedule=None):
    make("only")
"""
)


def chain40(server: Peer, runs: int, floors: Floors) -> list[Done]:
    """Forty tasks in a row."""
    done = _measure(server, "chain40", CHAIN40, runs, 40 * floors.task)
    gaps = [statistics.median(each.gaps_s) * 1000 for each in done]
    show(Figure("chain40: gap between two tasks", gaps, "ms", floors.task * 1000))
    _show_parts("chain40", done)
    return done


def mapped40(server: Server, runs: int, floors: Floors) -> None:
    """Forty tasks in a row, in a mapped group of one instance."""
    done = _measure(server, "mapped40", MAPPED40, runs, 40 * floors.task)
    gaps = [statistics.median(each.gaps_s) * 1000 for each in done]
    show(Figure("mapped40: gap between two tasks", gaps, "ms", floors.task * 1000))


def fan40(server: Peer, runs: int, floors: Floors) -> list[Done]:
    """Forty tasks at once, and one that joins them."""
    done = _measure(server, "fan40", FAN40, runs, 41 * (floors.fork + floors.commit))
    _show_parts("fan40", done)
    return done


def fan1000(server: Peer, runs: int, floors: Floors) -> list[Done]:
    """A thousand tasks at once."""
    done = _measure(server, "fan1000", FAN1000, min(runs, 2), 1000 * (floors.fork + floors.commit))
    show(Figure("fan1000: tasks a second", [1000 / each.total_s for each in done], "/s"))
    return done


def long10(server: Peer, runs: int, floors: Floors) -> list[Done]:
    """Ten tasks of some work in a row; the floor is the work itself, as the tasks took it."""
    done = _measure(server, "long10", LONG10, min(runs, 2), None)
    overhead = [each.total_s - sum(_took(each)) for each in done]
    show(Figure("long10: beside the work itself", overhead, "s", 10 * floors.task))
    return done


def one(server: Peer, runs: int, floors: Floors) -> list[Done]:
    """One task."""
    return _measure(server, "one", ONE, runs, floors.task)


def latency(server: Server, runs: int, floors: Floors) -> None:
    """From the trigger to the first start and to the end, of a file in use and of one that has just changed."""
    done = _measure(server, "one", ONE, max(runs, 100), floors.task)
    starts = [each.first_start_s * 1000 for each in done]
    show(
        Figure("latency warm: trigger to first start", starts, "ms", floors.task * 1000),
        Figure("latency warm: trigger to first start, p99", [percentile(starts, 0.99)], "ms"),
    )
    _show_parts("latency warm", done)
    cold = [_run_changed(server, number) for number in range(runs)]
    starts = [each.first_start_s * 1000 for each in cold]
    show(Figure("latency cold: trigger to first start", starts, "ms", floors.task * 1000))


def loud(server: Server, runs: int, floors: Floors) -> None:
    """Forty tasks in a row, beside three that print as fast as they can; the floor is the same row alone."""
    server.add("chain40", CHAIN40)
    server.add("loud", LOUD)
    alone = statistics.median(server.run("chain40").total_s for _ in range(runs))
    quiet = server.ledger.with_name("ledger.quiet")
    run_id = server.person.trigger("loud")
    wait_until(lambda: log_bytes(server, "loud") > 30_000_000)
    beside = [server.run("chain40").total_s for _ in range(runs)]
    share = own_cpu_share(server.process.pid)
    quiet.touch()
    wait_until(lambda: server.state("loud", run_id) == "success")
    show(
        Figure("loud: chain40 beside three loud tasks", beside, "s", alone),
        Figure("loud: share of one core in the server", [share * 100], "%"),
        Figure("loud: disk of the three logs", [log_bytes(server, "loud") / 1e6], "MB"),
    )


def _run_changed(server: Server, number: int) -> Done:
    """Run a DAG that nobody has run before: its file is not imported anywhere."""
    name = f"cold{number}"
    server.add(name, ONE.replace('DAG("one"', f'DAG("{name}"'))
    return server.run(name)


def _measure(server: Peer, name: str, text: str, runs: int, floor: float | None) -> list[Done]:
    server.add(name, text)
    server.run(name)
    done = [server.run(name) for _ in range(runs)]
    show(
        Figure(f"{name}: trigger to end", [each.total_s for each in done], "s", floor),
        Figure(f"{name}: CPU of all processes", [each.cpu_s for each in done], "s"),
        Figure(f"{name}: CPU a task", [each.cpu_s / len(each.attempts) * 1000 for each in done], "ms"),
        Figure(f"{name}: peak memory (PSS)", [each.peak_bytes / 1e6 for each in done], "MB"),
    )
    return done


def _show_parts(name: str, done: Sequence[Done]) -> None:
    scheduling = [statistics.median(each.scheduling_s) * 1000 for each in done]
    pick_up = [statistics.median(each.pick_up_s) * 1000 for each in done]
    show(
        Figure(f"{name}: dependencies met to queued", scheduling, "ms"),
        Figure(f"{name}: queued to user code running", pick_up, "ms"),
    )


def _took(done: Done) -> list[float]:
    return [(row.end_date - row.start_date).total_seconds() for row in done.attempts]


#: What a peer runs too.
SHARED: dict[str, Callable[[Peer, int, Floors], list[Done]]] = {
    "one": one,
    "chain40": chain40,
    "fan40": fan40,
    "long10": long10,
    "fan1000": fan1000,
}
OWN: dict[str, Callable[[Server, int, Floors], None]] = {
    "mapped40": mapped40,
    "latency": latency,
    "loud": loud,
}
