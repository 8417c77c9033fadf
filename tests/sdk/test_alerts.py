"""Alert rules in DAG files."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler import DAG, Alert
from scheduler.alert_rules import read_rule
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec
from scheduler.wire import dag_from_json, dag_to_json


def test_alerts_travel_with_their_dag_as_plain_data():
    alerts = [
        Alert("failure", to="ops", repeat="always"),
        Alert("longer_than_usual", name="slow", to=["ops", "mail"], repeat=timedelta(hours=1)),
    ]
    spec = dag_from_json(dag_to_json(to_spec(DAG("report", alerts=alerts), "report.py")))
    always, slow = (read_rule(data, of_dag=spec.dag_id) for data in spec.alerts)
    assert (always.name, always.to, always.repeat) == ("report:failure", ("ops",), -1)
    assert (slow.name, slow.dags, slow.repeat) == ("report:slow", ("report",), 3600)


def test_a_graph_of_before_alerts_can_be_read():
    text = dag_to_json(to_spec(DAG("report"), "report.py")).replace('"alerts":[],', "")
    assert dag_from_json(text).alerts == ()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Alert("failed", to="ops"), r"test_alerts\.py:\d+: when='failed': did you mean 'failure'"),
        (lambda: Alert("failure", to=[]), "to: name at least one channel"),
        (lambda: Alert("failure", to="ops", dags=["a"]), "dags: a rule of when='failure' has no such"),
        (lambda: Alert("queue_lag", to="ops", lag="5m"), "is not about a DAG"),
        (lambda: DAG("report", alerts=["failure"]), "give a list, like"),  # type: ignore[list-item]
        (lambda: DAG("report", alerts=[Alert("failure", to="a")] * 2), "two alerts have this name"),
    ],
)
def test_an_alert_that_cannot_be_is_refused_with_its_line(make, sentence):
    with pytest.raises(BadDag, match=sentence):
        make()
