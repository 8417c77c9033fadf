"""What the tag of a page is made of."""

from __future__ import annotations

from scheduler.wire import DagSpec
from webui.fragments import tag_of, telling


def test_a_page_is_not_named_by_the_tasks_of_a_graph_but_by_its_version():
    def tag(version_id, dag_id):
        return tag_of(telling({"version_id": version_id, "spec": DagSpec(dag_id=dag_id, file="a.py")}))

    assert tag(1, "shop") == tag(1, "other")
    assert tag(1, "shop") != tag(2, "shop")
