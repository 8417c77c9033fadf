"""The scenarios: what is started, what is done to it, and what it must show.

Each is a function of an arena. It returns when all runs are finished; the checker then judges what tasks told and what
the database recorded. What a scenario asks beyond that, it asserts itself.
"""

from tests.chaos.scenarios import fans, hosts, networks, people, processes
from tests.chaos.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for group in (processes.SCENARIOS, networks.SCENARIOS, hosts.SCENARIOS, people.SCENARIOS, fans.SCENARIOS)
    for scenario in group
}
