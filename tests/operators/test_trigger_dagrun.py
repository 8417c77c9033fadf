"""TriggerDagRunOperator: what it refuses, and what it asks. Runs of it are in tests/integration."""

from __future__ import annotations

import pytest

from scheduler import TriggerDagRunOperator
from scheduler.errors import BadDag, NaiveDate
from tests.runtime.attempts import NOW, attempt


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"trigger_dag_id": ""}, "trigger_dag_id=''"),
        ({"allowed_states": ["sucess"]}, "allowed_states='sucess': did you mean 'success'?"),
        ({"failed_states": "broken"}, "failed_states='broken': use queued, running, success, failed"),
        ({"wait_for_completion": "yes"}, "give True or False"),
        ({"poke_interval": -1}, "cannot be negative"),
    ],
)
def test_what_cannot_work_is_refused(dag, arguments, words):
    with pytest.raises(BadDag) as refused:
        TriggerDagRunOperator("a", **{"trigger_dag_id": "other", **arguments})
    assert words in str(refused.value)


def test_a_date_without_a_zone_is_refused(dag):
    with pytest.raises(NaiveDate):
        TriggerDagRunOperator("a", trigger_dag_id="other", logical_date=NOW.replace(tzinfo=None))


def test_in_a_test_run_there_is_no_other_dag(dag):
    TriggerDagRunOperator("a", trigger_dag_id="other")
    assert "dag.test() runs one DAG alone and cannot start a run of 'other'" in attempt(dag).reason
