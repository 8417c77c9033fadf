"""A run that asks people, in a server: what is asked, what is answered, and what follows."""

from __future__ import annotations

from tests.integration.waiting import eventually

FILE = """
from scheduler import DAG, ApprovalOperator, HITLOperator, Param, task

with DAG("asks", schedule=None):
    number = HITLOperator(
        task_id="number",
        subject="How many for {{ params.of }}?",
        options=["few", "many"],
        params={"exactly": Param(3, type="integer")},
    )
    late = ApprovalOperator(task_id="late", subject="Go?", defaults="Reject", response_timeout=0.2)
    never = ApprovalOperator(task_id="never", subject="Go?", response_timeout=0.2, retries=0)

    @task
    def after(answer):
        print(answer["chosen_options"], answer["params_input"], answer["responded_by_user"]["name"])

    @task
    def skipped():
        pass

    after(number.output)
    late >> skipped()
"""


def test_a_run_waits_for_people_and_goes_on_with_what_they_answer(embedded):
    embedded.write("asks.py", FILE)
    run = embedded.trigger("asks", {"of": "the shop"}).until_task("number", "awaiting_input")
    words = ("tasks", "answer", "asks", run.run_id, "number")
    refused = embedded.dirigent(*words, "some")
    assert (refused.returncode, "'some' is no option; choose of few, many" in refused.stderr) == (1, True)
    assert embedded.dirigent(*words, "many", "--param", "exactly=7").returncode == 0
    run.until("failed")
    assert run.tasks == {
        "number": "success",
        "after": "success",
        "late": "success",
        "skipped": "skipped",
        "never": "failed",
    }
    assert "['many'] {'exactly': 7} cli" in run.log("after")
    assert "asked people (cli answered: many)" in run.log("number")
    assert [each.state for each in run.attempts("number")] == ["deferred", "success"]
    assert "nobody answered within 0.2 s" in run.attempts("never")[-1].reason
    assert eventually(lambda: "Ended as awaiting_input: asks: How many for the shop?" in run.log("number", 0))
