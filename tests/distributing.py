"""Which tests of a run in several processes stay together: those that share what is dear to start."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

#: Beginnings of test ids, and what their tests share.
SHARING = {
    "tests/webui/tour/": "tour",
    "tests/webui/browser/": "Chromium",
    "tests/integration/test_dag_folder.py": "embedded server",
    "tests/integration/test_hostile_tasks.py": "embedded server",
    "tests/integration/test_isolation.py": "embedded server",
    "tests/integration/test_logs.py": "embedded server",
    "tests/integration/test_mapping.py": "embedded server",
    "tests/integration/test_other_dags.py": "embedded server",
    "tests/integration/test_people.py": "embedded server",
    "tests/integration/test_runs.py": "embedded server",
    "tests/integration/test_sensors.py": "embedded server",
    "tests/integration/test_states.py": "embedded server",
    "tests/integration/test_stopping.py": "embedded server",
    "tests/integration/test_waits.py::test_a_deferred_task": "embedded server",
    "tests/integration/test_waits.py::test_a_run_of_another_dag": "embedded server",
    "tests/integration/test_waits.py::test_marking_a_deferred_task": "embedded server",
}


class Sharing(LoadScopeScheduling):
    """Hands out tests one by one, but those that share something to one process, and first."""

    def _split_scope(self, nodeid: str) -> str:
        return shared_by(nodeid)


def shared_by(nodeid: str) -> str:
    """Name what a test shares, or the test itself."""
    return next((shared for start, shared in SHARING.items() if nodeid.startswith(start)), nodeid)
