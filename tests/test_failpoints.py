"""Failpoints are off unless asked for, and each stands in one place."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import scheduler
from scheduler import failpoints
from scheduler.errors import BadSetting
from scheduler.failpoints import PLACES, VARIABLE, Act, Edge, Moment, Rule, Spot, rules_of

SOURCES = [
    path.read_text() for path in Path(scheduler.__file__).parent.rglob("*.py") if path.name != "failpoints.py"
]


def ended(script: str, rules: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process with these failpoints."""
    environ = os.environ | {VARIABLE: rules}
    command = [sys.executable, "-c", f"from scheduler.failpoints import *\n{script}\nprint('alive')"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_without_the_variable_no_failpoint_does_anything():
    assert VARIABLE not in os.environ
    assert not failpoints.ARMED
    for spot in Spot:
        failpoints.reach(spot)
    for moment in Moment:
        failpoints.cross(Edge, moment)


def test_every_name_stands_in_exactly_one_place():
    found = Counter(name for text in SOURCES for name in re.findall(r"\b(?:Edge|Spot)\.[A-Z_]+", text))
    wanted = [f"Edge.{edge.name}" for edge in Edge] + [f"Spot.{spot.name}" for spot in Spot]
    assert found == Counter(wanted)


def test_rules_are_read_with_their_times():
    assert rules_of(
        " claimed.committed=crash@3; renewed.open=sleep:0.5@2+ ;publish=raise@~0.1; launch=crash;"
    ) == {
        "claimed.committed": Rule(Act.CRASH, first=3),
        "renewed.open": Rule(Act.SLEEP, 0.5, first=2, goes_on=True),
        "publish": Rule(Act.RAISE, chance=0.1),
        "launch": Rule(Act.CRASH),
    }
    assert rules_of("") == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("claimed=crash", "claimed.committed"),
        ("publish=burn", "publish=burn"),
        ("publish", "claimed.committed=crash@3"),
        ("publish=crash@often", "crash@often"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_by_name(text, named):
    with pytest.raises(BadSetting, match=re.escape(named)):
        rules_of(text)


def test_a_rule_holds_at_its_hit_or_from_it_on():
    once, on = Rule(Act.CRASH, first=2), Rule(Act.CRASH, first=2, goes_on=True)
    assert [once.holds(hit) for hit in (1, 2, 3)] == [False, True, False]
    assert [on.holds(hit) for hit in (1, 2, 3)] == [False, True, True]
    assert not Rule(Act.CRASH, chance=0.0).holds(1)


def test_a_crash_is_a_kill_at_the_hit_that_was_named():
    twice = "reach(Spot.LAUNCH)\nreach(Spot.LAUNCH)"
    assert ended("reach(Spot.LAUNCH)", "launch=crash@2").stdout == "alive\n"
    assert ended(twice, "launch=crash@2").returncode == -signal.SIGKILL


def test_a_transaction_fails_before_its_commit_or_after_it(tmp_path):
    script = f"""
import sqlalchemy as sa
from scheduler.errors import DatabaseUnavailable
from scheduler.store.engine import Database
from scheduler.store.transaction import at_edge
db = Database("sqlite:///{tmp_path}/dirigent.db")
with db.write() as session:
    session.execute(sa.text("create table t (n)"))
for number in range(3):
    try:
        with db.write() as session:
            session.execute(sa.text(f"insert into t values ({{number}})"))
            at_edge(session, Edge.CLAIMED)
    except DatabaseUnavailable:
        print("failed at", number)
with db.read() as session:
    print(session.execute(sa.text("select n from t")).scalars().all())
"""
    said = ended(script, "claimed.open=raise@1;claimed.committed=raise@1").stdout.splitlines()
    assert said == ["failed at 0", "failed at 1", "[1, 2]", "alive"]


def test_what_raises_outside_of_a_transaction_looks_like_the_broker_gone():
    said = ended("reach(Spot.PUBLISH)", "publish=raise").stderr
    assert "ConnectionError: The failpoint publish was reached." in said


def test_there_are_two_places_an_edge_and_one_a_spot():
    assert len(PLACES) == 2 * len(Edge) + len(Spot)
