"""How attempts run and end, whatever user code does."""

from __future__ import annotations

import os

from tests.runtime.conftest import Crew


def test_an_attempt_runs_in_a_process_and_a_session_of_its_own(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import os
        def task(channel):
            return [os.getpid(), os.getsid(0), os.getpgid(0)]
        """
    )
    pid, session, group = outcome.xcoms["return_value"]
    assert outcome.state == "success"
    assert pid == session == group != os.getpid()
