"""2.x: arrows of all kinds, tasks made outside of a with block, the graph asked about itself."""

from datetime import datetime

from airflow.models import DAG, BaseOperator
from airflow.models.baseoperator import chain, cross_downstream
from airflow.operators.empty import EmptyOperator

dag = DAG("v2_graph_by_hand", start_date=datetime(2021, 1, 1), schedule_interval=None, default_args={"owner": "me"})
a, b, c, d, e = (EmptyOperator(task_id=name, dag=dag) for name in "abcde")
a.set_downstream([b, c])
d << [b, c]
chain(d, [e])
free = EmptyOperator(task_id="free")
dag.add_task(free)
cross_downstream([e], [free])

assert isinstance(a, BaseOperator)
assert dag.has_task("a") and dag.task_count == 6
assert [task.task_id for task in dag.roots] == ["a"]
assert [task.task_id for task in dag.leaves] == ["free"]
assert {task.task_id for task in a.downstream_list} == {"b", "c"}
assert [task.task_id for task in dag.topological_sort()][0] == "a"
assert a.get_direct_relatives(upstream=True) == []
