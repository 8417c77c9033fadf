"""`python -m tests.chaos NAME --seed N --broker redis`: plays scenarios; `make chaos ARGS="..."` calls it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from math import inf
from secrets import randbelow

from tests.chaos.play import play, table
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.scenarios.scenario import Scenario
from tests.chaos.scenarios.soak import Amount, soaking
from tests.services import shared

#: Not among those that are played unless some are named.
SOAK = "soak"


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="make chaos")
    parser.add_argument("scenarios", nargs="*", default=[*SCENARIOS], help="all unless some are named")
    parser.add_argument("--seed", type=int, help="plays the same plan of faults again; random unless given")
    parser.add_argument(
        "--broker",
        choices=("redis", "rabbitmq", "inproc"),
        help="all that the scenario can use, unless given",
    )
    parser.add_argument("--minutes", type=float, help="how long a soak goes on; 5 unless tasks are given")
    parser.add_argument("--tasks", type=int, help="after how many tasks a soak ends, if it has not before")
    parser.add_argument("--keep", action="store_true", help="keep what the servers printed in any case")
    parser.add_argument("--list", action="store_true", help="say what there is")
    given = parser.parse_args()
    for name in given.scenarios:
        if name not in (*SCENARIOS, SOAK):
            parser.error(f"there is no scenario {name!r}; there are {', '.join(SCENARIOS)}, {SOAK}")
    return given


def _brokers(scenario: Scenario, wanted: str | None) -> tuple[str, ...]:
    return tuple(broker for broker in scenario.brokers if wanted in (None, broker))


def _amount(given: Namespace) -> Amount:
    minutes = given.minutes or (inf if given.tasks else 5)
    return Amount(given.tasks or inf, minutes)


def main() -> int:
    """Play what was asked for; 1 where a promise was broken."""
    given = _arguments()
    if given.list:
        sys.stdout.writelines(f"{each.name:20}{each.shows}\n" for each in SCENARIOS.values())
        return 0
    seed = randbelow(10_000) if given.seed is None else given.seed
    known = {**SCENARIOS, SOAK: soaking(_amount(given))}
    chosen = [known[name] for name in given.scenarios]
    shared.open_run()
    try:
        results = [
            play(each, broker, seed, keeps=given.keep)
            for each in chosen
            for broker in _brokers(each, given.broker)
        ]
    finally:
        shared.close_run()
    sys.stdout.write(table(results))
    return int(any(result.violations for result in results))


if __name__ == "__main__":
    sys.exit(main())
