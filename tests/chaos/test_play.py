"""The harness itself, played small: it starts, kills, ends, and judges."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.chaos.arena import Arena
from tests.chaos.checker import RULES
from tests.chaos.play import play, table
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.scenarios.scenario import Scenario


def small(arena: Arena) -> None:
    arena.scheduler()
    arena.worker("worker-1")
    arena.worker("worker-2")
    arena.sow(layers=2, width=2)
    arena.until_up()
    arena.reap(runs=2, seconds=0.2)
    arena.kill("worker-1")
    arena.finish(within=60)
    arena.trial.sit(timedelta())
    assert arena.trial.tasks == 8
    arena.project.dirigent("history", "prune", "--keep", "1")


def test_workers_are_killed_and_every_promise_is_kept_though_retention_deletes_what_was_judged(redis_url):
    result = play(Scenario(name="small", shows="", play=small, lease_s=3), "redis", seed=1)
    assert result.violations == ()
    assert "8 tasks" in result.facts
    assert "| small | redis | 1 | kept |" in table([result])


def test_every_scenario_is_listed_by_its_name_with_what_it_shows():
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert scenario.shows
        assert set(scenario.brokers) <= {"redis", "rabbitmq", "inproc"}


def test_every_scenario_and_every_rule_stands_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "chaos.md").read_text()
    assert [name for name in (*SCENARIOS, "soak") if f"| {name} |" not in page] == []
    assert [name for rule in RULES if f"| {(name := rule.__name__.replace('_', ' '))} |" not in page] == []
