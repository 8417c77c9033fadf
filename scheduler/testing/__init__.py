"""What users test their DAGs with: `dag.test()` runs one in this process, without a server, and returns a RunResult."""

from scheduler.testing.result import Artifact, RunResult

__all__ = ["Artifact", "RunResult"]
