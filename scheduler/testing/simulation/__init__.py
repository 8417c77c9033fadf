"""A month of schedules in a second: which runs there would be, when they would start, and what would wait for what.

No code of tasks runs. The decisions are those of a server, taken by the same functions: `core.timetables` says when
runs are due, `core.plan` which tasks may run, `core.admission` for which of them there is room, `core.settle` when a
failed one is tried again. How long tasks take, and which of them fail, is assumed (`assumptions`).
"""

from scheduler.testing.simulation.record import SimulatedRun, SimulatedTask, Simulation
from scheduler.testing.simulation.world import simulate

__all__ = ["SimulatedRun", "SimulatedTask", "Simulation", "simulate"]
