"""Logs of a running installation, followed from another process."""

from __future__ import annotations

import json

from tests.integration.ledger import KEEPS_LEDGER

TALKS = """
with DAG("talks", schedule=None):
    @task
    def talk():
        import logging, sys
        from scheduler import Variable
        print("began")
        wait_for("talks-gate")
        print("the token is", Variable.get("talks_token"), file=sys.stderr)
        logging.getLogger("shop.prices").error("no price")

    talk()
"""


def test_a_log_is_followed_from_another_process_until_the_attempt_ends(embedded):
    embedded.write("talks.py", KEEPS_LEDGER.format(ledger=str(embedded.folder / "ledger")) + TALKS)
    embedded.dirigent("variables", "set", "talks_token", "hunter-two-two")
    run = embedded.trigger("talks")
    run.until_task("talk", "running")
    follower = embedded.launch(
        "tasks", "logs", "talks", run.run_id, "talk", "-f", "-o", "json", "--level", "info"
    )
    follower.wait_for("began")
    (embedded.folder / "talks-gate").touch()
    run.until()
    follower.wait_for("Ended as success")
    lines = [json.loads(line) for line in follower.output.splitlines()]
    # Pipes of their own: which of two lines comes first is told to a few milliseconds only.
    assert sorted(
        (each["source"], each["level"], each["event"], each.get("logger")) for each in lines[1:-1]
    ) == [
        ("logging", "error", "no price", "shop.prices"),
        ("stderr", "warning", "the token is ***", None),
        ("stdout", "info", "began", None),
    ]
