"""The stored graph: which forms there are, and who reads them."""

from __future__ import annotations

import json

import pytest

from scheduler.errors import NewerForm
from scheduler.wire import WIRE_VERSION, DagSpec, Isolation, TaskSpec, dag_from_json, dag_to_json, form_of

PLAIN = TaskSpec(task_id="a", operator="EmptyOperator")
APART = TaskSpec(task_id="b", operator="EmptyOperator", isolation=Isolation(mode="fresh"))


def test_a_graph_is_written_in_the_oldest_form_that_can_hold_it():
    assert (form_of([PLAIN]), form_of([PLAIN, APART])) == (1, 2)


def test_a_graph_of_a_later_form_is_refused_by_both_numbers_and_the_remedy():
    text = dag_to_json(DagSpec(dag_id="orders", file="o.py", tasks=(PLAIN,), wire_version=WIRE_VERSION + 3))
    with pytest.raises(NewerForm) as refused:
        dag_from_json(text)
    assert str(refused.value) == (
        f"The graph of DAG 'orders' was written by a newer Dirigent, in form {WIRE_VERSION + 3}; this one reads up to "
        f"{WIRE_VERSION}. Upgrade it; until then it leaves the work to others."
    )


def test_fields_of_a_later_release_in_a_known_form_are_passed_over():
    graph = json.loads(dag_to_json(DagSpec(dag_id="orders", file="o.py", tasks=(PLAIN,))))
    graph["of_tomorrow"] = graph["tasks"][0]["of_tomorrow"] = graph["schedule"]["of_tomorrow"] = [1]
    assert dag_from_json(json.dumps(graph)).tasks == (PLAIN,)


def test_a_graph_from_before_forms_had_numbers_is_read():
    graph = json.loads(dag_to_json(DagSpec(dag_id="orders", file="o.py", tasks=(PLAIN,))))
    del graph["wire_version"]
    assert dag_from_json(json.dumps(graph)).wire_version == 1
