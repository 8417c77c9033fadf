"""What users test their DAGs with: `dag.test()` runs one in this process, without a server, and returns a RunResult."""

from scheduler.testing.mocks import SimulatedFailure
from scheduler.testing.result import Artifact, RunResult, TriedTask

__all__ = ["Artifact", "RunResult", "SimulatedFailure", "TriedTask"]
