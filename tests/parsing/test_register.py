"""What a parse found, as it is written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.errors import BadDag
from scheduler.parsing.checks import check_dag
from scheduler.store.alert_facts import declared_rules
from scheduler.store.alerts import due_watches
from tests.loop.engine import spec, task

ALERTS = "[Alert('not_finished', by='07:00', to='ops'), Alert('failure', to='ops')]"


def test_the_alerts_of_a_dag_stand_beside_it_and_their_times_of_day_are_watched(lite_yard):
    lite_yard.write_dag("a.py", "a", head="from scheduler import Alert", alerts=ALERTS)
    lite_yard.sweep()
    with lite_yard.db.write() as session:
        assert [rule.name for rule in declared_rules(session)] == ["a:not_finished", "a:failure"]
        [watched] = due_watches(session, lite_yard.now + timedelta(days=2), 10)
    assert (watched.rule.name, watched.subject.key) == ("a:not_finished", "a")

    lite_yard.write_dag("a.py", "a")
    lite_yard.sweep()
    with lite_yard.db.read() as session:
        assert declared_rules(session) == []


HUGE = """
    from scheduler import DAG, Alert, task

    alert = Alert("failure", to="ops")
    alert.data["repeat"] = 10**400
    with DAG("evil", alerts=alert):
        @task
        def work():
            return 1
        work()
"""


def test_a_number_beyond_all_floats_holds_up_no_other_file(lite_yard):
    lite_yard.write("a.py", HUGE)
    lite_yard.write_dag("b.py", "b")
    lite_yard.sweep()
    assert "An alert of DAG 'evil' cannot be: repeat=" in lite_yard.error("a.py")
    assert lite_yard.dag_ids() == ["b"]


def test_a_dag_has_no_endless_list_of_alerts():
    alerts = tuple({"name": f"a{n}", "when": "failure", "to": ["ops"]} for n in range(51))
    with pytest.raises(BadDag, match="has 51 alerts; at most 50 are taken"):
        check_dag(spec(task("a"), alerts=alerts))


@pytest.mark.parametrize(
    ("alerts", "sentence"),
    [
        (({"when": "failure"},), "An alert of DAG 'orders' cannot be: to: name at least one channel"),
        (({"when": ["x"], "to": ["ops"]},), "cannot be: when="),
        (2 * ({"when": "failure", "to": ["ops"]},), "two alerts named 'orders:failure'"),
        (({"when": "failures", "to": ["ops"], "count": 2, "within": float("nan")},), "cannot be: within="),
    ],
)
def test_an_alert_that_a_child_made_up_is_refused(alerts, sentence):
    with pytest.raises(BadDag, match=sentence):
        check_dag(spec(task("a"), alerts=alerts))
