"""Mapped tasks and groups as they are declared, and as they run in `dag.test()`."""

from __future__ import annotations

import pytest

from scheduler import (
    DAG,
    BaseOperator,
    BashOperator,
    PythonOperator,
    SkipTask,
    TaskGroup,
    get_current_context,
    task,
    task_group,
)
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec
from tests.runtime.attempts import attempt


@task
def numbers() -> list[int]:
    return [1, 2, 3]


@task
def letters() -> list[str]:
    return ["a", "b"]


@task
def double(x: int) -> int:
    return x * 2


@task
def pair(x, y):
    return f"{x}{y}"


@task
def total(values):
    return list(values)


def run(*declare):
    with DAG("d") as dag:
        for each in declare:
            each()
    return dag.test()


def test_a_task_runs_once_for_each_item_of_a_list_and_its_results_come_as_a_sequence():
    result = run(lambda: total(double.expand(x=[1, 2, 3])))
    assert result.xcoms == {"double": [2, 4, 6], "total": [2, 4, 6]}
    assert result.task_states == {
        "total": "success",
        "double[0]": "success",
        "double[1]": "success",
        "double[2]": "success",
    }


def test_a_task_runs_once_for_each_item_that_another_returned():
    result = run(lambda: total(double.expand(x=numbers())))
    assert result.xcoms["total"] == [2, 4, 6]


def test_several_arguments_make_every_combination_and_the_last_changes_fastest():
    result = run(lambda: pair.expand(x=numbers(), y=letters()))
    assert result.xcoms["pair"] == ["1a", "1b", "2a", "2b", "3a", "3b"]


def test_partial_gives_what_all_instances_share():
    result = run(lambda: pair.partial(y=letters()).expand(x=[7]))
    assert result.xcoms["pair"] == ["7['a', 'b']"]


def test_items_of_a_dict_are_pairs():
    @task
    def prices():
        return {"tea": 3, "jam": 5}

    result = run(lambda: total(double.override(task_id="of_result").expand(x=prices())))
    assert result.xcoms["of_result"] == [("tea", 3) * 2, ("jam", 5) * 2]
    result = run(lambda: double.expand(x={"tea": 3}))
    assert result.xcoms["double"] == [("tea", 3, "tea", 3)]


def test_expand_kwargs_takes_all_arguments_from_each_item():
    @task
    def pairs():
        return [{"x": 1, "y": 2}, {"x": 3, "y": 4}]

    assert run(lambda: pair.expand_kwargs(pairs())).xcoms["pair"] == ["12", "34"]
    assert run(lambda: pair.partial(y=0).expand_kwargs([{"x": 5}])).xcoms["pair"] == ["50"]


def test_an_item_of_expand_kwargs_that_is_no_dict_is_named():
    result = run(lambda: pair.expand_kwargs(numbers()))
    assert "Item 0 that task 'pair' is mapped over is 1, a int" in result.errors["pair[0]"].message


def test_map_applies_a_function_when_an_item_is_taken():
    def add_ten(value):
        if value == 2:
            raise SkipTask("not two")
        return value + 10

    result = run(lambda: double.expand(x=numbers().map(add_ten)))
    assert result.xcoms["double"] == [22, 26]
    assert result.task_states["double[1]"] == "skipped"


def test_zip_and_concat_make_one_list_of_several():
    result = run(
        lambda: total.override(task_id="zipped").expand(values=numbers().zip(letters())),
        lambda: total.override(task_id="filled").expand(values=numbers().zip(letters(), fillvalue="?")),
        lambda: double.expand(x=numbers().concat(letters())),
        lambda: total.override(task_id="whole")(numbers().concat(letters()).map(str)),
    )
    assert result.xcoms["zipped"] == [[1, "a"], [2, "b"]]
    assert result.xcoms["filled"][2] == [3, "?"]
    assert result.xcoms["double"] == [2, 4, 6, "aa", "bb"]
    assert result.xcoms["whole"] == ["1", "2", "3", "a", "b"]


def test_an_operator_is_made_for_each_item():
    def declare():
        BashOperator.partial(task_id="say", do_xcom_push=True).expand(
            bash_command=["echo {{ ti.map_index }}", "echo two"]
        )

    assert run(declare).xcoms["say"] == ["0", "two"]


def test_an_operator_takes_what_it_maps_over_from_a_task_and_reads_no_templates_in_it():
    @task
    def commands():
        return ["echo '{{ ds }}'"]

    def declare():
        BashOperator.partial(task_id="say").expand(bash_command=commands())

    result = run(declare)
    assert result.xcoms["say"] == ["{{ ds }}"]


def test_an_operator_of_ones_own_takes_its_arguments_by_name():
    class AddOne(BaseOperator):
        def __init__(self, value, **arguments):
            super().__init__(**arguments)
            self.value = value

        def execute(self, context):
            return self.value + 1

    result = run(lambda: AddOne.partial(task_id="add", retries=1).expand(value=numbers()))
    assert result.xcoms["add"] == [2, 3, 4]
    assert result.tries["add[0]"] == 1


def test_an_operators_arguments_can_come_from_dicts():
    def declare():
        PythonOperator.partial(task_id="say", python_callable=lambda x, y: x + y).expand_kwargs(
            [{"op_args": [1, 2]}, {"op_kwargs": {"x": 3, "y": 4}}]
        )

    assert run(declare).xcoms["say"] == [3, 7]


def test_the_plain_form_tells_how_many_instances_there_are():
    with DAG("d") as dag:
        pair.expand(x=numbers(), y=[1, 2])
        double.expand(x=numbers().zip(letters()).concat(letters()))
        BashOperator.partial(task_id="say", retries=3, pool="p").expand(bash_command=["a"])
    spec = to_spec(dag, "d.py")
    tasks = {each.task_id: each for each in spec.tasks}
    assert spec.wire_version == 4
    assert tasks["pair"].mapping.arguments == ("x", "y")
    assert tasks["pair"].mapping.factors == ({"task": "numbers", "key": "return_value"}, 2)
    assert tasks["pair"].upstream == ("numbers",)
    assert (tasks["pair"].operator, tasks["say"].operator) == ("@task", "BashOperator")
    assert (tasks["say"].retries, tasks["say"].pool) == (3, "p")
    assert "bash_command" in tasks["say"].template_fields
    assert tasks["pair"].source.startswith("@task")


def test_what_is_not_mapped_keeps_its_text():
    with DAG("d") as dag, TaskGroup("g"):
        numbers()
    spec = to_spec(dag, "d.py")
    assert spec.wire_version == 1
    assert "mapping" not in str(spec).replace("mapping=None", "")


def test_a_mapped_group_has_an_instance_of_all_its_tasks_for_each_item():
    @task_group
    def each(x, y=0):
        return total.override(task_id="last")([pair(double(x), y)])

    result = run(lambda: total(each.partial(y=1).expand(x=numbers())))
    assert result.xcoms["each.double"] == [2, 4, 6]
    assert result.xcoms["each.pair"] == ["21", "41", "61"]
    assert result.xcoms["total"] == [["21"], ["41"], ["61"]]
    assert result.task_states["each.pair[2]"] == "success"


def test_a_mapped_group_takes_its_arguments_from_dicts():
    @task_group
    def each(x, y):
        pair(x, y)

    result = run(lambda: each.expand_kwargs([{"x": 1, "y": 2}, {"x": 3, "y": 4}]))
    assert result.xcoms["each.pair"] == ["12", "34"]


def test_groups_and_tasks_can_be_mapped_inside_mapped_groups():
    @task
    def several(x):
        return [x] * x

    @task_group
    def inner(y):
        double(y)

    @task_group
    def outer(x):
        total.override(task_id="sum")(inner.expand(y=several(x)))
        found = several.override(task_id="again")(x)
        total.override(task_id="whole")(double.expand(x=found))

    result = run(lambda: outer.expand(x=numbers()))
    assert result.task_states["outer.inner.double[2.1]"] == "success"
    assert result.xcoms["outer.inner.double"] == [2, 4, 4, 6, 6, 6]
    assert result.xcoms["outer.whole"] == [[2], [4, 4], [6, 6, 6]]


def test_a_branch_in_a_mapped_group_skips_in_its_own_instance():
    @task.branch
    def choose(x):
        return "each.odd" if x % 2 else "each.even"

    @task_group
    def each(x):
        choose(x) >> [double.override(task_id="odd")(x), double.override(task_id="even")(x)]

    states = run(lambda: each.expand(x=[1, 2])).task_states
    assert (states["each.odd[0]"], states["each.even[0]"]) == ("success", "skipped")
    assert (states["each.odd[1]"], states["each.even[1]"]) == ("skipped", "success")


def test_values_of_one_instance_or_of_some_can_be_pulled():
    @task
    def read(ti=None):
        pulled = ti.xcom_pull("double")
        return [
            pulled[-1],
            pulled[0:2],
            len(pulled),
            ti.xcom_pull("double", map_indexes=1),
            ti.xcom_pull("double", map_indexes=[2, 0]),
            ti.xcom_pull("double", map_indexes=9, default="none"),
        ]

    result = run(lambda: double.expand(x=[1, 2, 3]) >> read())
    assert result.xcoms["read"] == [6, [2, 4], 3, 4, [6, 2], "none"]


def test_an_empty_list_skips_what_is_mapped_over_it():
    result = run(lambda: total(double.expand(x=[])))
    assert result.task_states == {"double": "skipped", "total": "skipped"}


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: double.expand(), "names nothing to map over"),
        (lambda: double.expand(x=3), "x=3: map over a list, a dict, or the result of a task"),
        (lambda: double.expand(x="abc"), "map over a list"),
        (lambda: double.expand(z=[1]), "has no argument 'z'"),
        (lambda: pair.expand(x=[1]), "needs the argument 'y'"),
        (lambda: pair.partial(x=1).expand(x=[1], y=[2]), "'x' is given to both"),
        (lambda: double.expand_kwargs([1]), "must be a dict"),
        (lambda: double.expand_kwargs({"x": 1}), "give a list of dicts"),
        (lambda: double.expand(x=numbers()["a"]["b"]), "cannot be mapped over"),
        (lambda: double.expand(x=numbers().map(double)), "give a plain function"),
        (lambda: BashOperator.partial(task_id="t", nope=1), "has no argument 'nope'"),
        (lambda: BashOperator.partial(task_id="t").expand(nope=[1]), "has no argument 'nope'"),
        (lambda: BashOperator.partial(task_id="t").expand(retries=[1]), "cannot be mapped over"),
        (
            lambda: BashOperator.partial(task_id="t", env={}).expand(env=[{}], bash_command=["a"]),
            "given to both",
        ),
    ],
)
def test_what_cannot_be_mapped_is_refused_where_it_is_written(declare, words):
    with DAG("d"), pytest.raises(BadDag, match=words):
        declare()


def test_the_argument_of_a_mapped_group_has_no_items_of_its_own():
    @task_group
    def each(x):
        double.expand(x=x)

    with DAG("d"), pytest.raises(BadDag, match="Have a task in the group return it"):
        each.expand(x=[[1], [2]])


def test_a_result_that_is_no_list_fails_the_task():
    @task
    def word():
        return "abc"

    result = run(lambda: double.expand(x=word()))
    assert (result.state, result.task_states["double"]) == ("failed", "failed")


def test_an_instance_is_called_what_its_template_makes_of_its_context():
    @task(map_index_template="{{ shop }} ({{ ti.map_index }})")
    def visit(shop_id):
        get_current_context()["shop"] = f"shop {shop_id}"

    with DAG("d") as dag:
        visit.expand(shop_id=[7, 8])
    assert attempt(dag, task_id="visit", path="1").rendered_map_index == "shop 8 (1)"


def test_an_instance_may_be_called_after_what_it_is_mapped_over():
    @task(map_index_template="{{ shop.name }} on {{ ds }}")
    def visit(shop, ds=None):
        raise ValueError

    with DAG("d") as dag:
        visit.expand(shop=[{"name": "north"}])
    assert attempt(dag, task_id="visit", path="0").rendered_map_index.startswith("north on 20")


def test_a_name_that_cannot_be_made_does_not_fail_the_task():
    @task(map_index_template="{{ nothing.here }}")
    def visit(shop_id):
        return shop_id

    with DAG("d") as dag:
        visit.expand(shop_id=[7])
    outcome = attempt(dag, task_id="visit", path="0")
    assert (outcome.state, outcome.rendered_map_index) == ("success", None)


@pytest.mark.parametrize("mapped", [{"x": [0] * 400, "y": [0] * 400}, {"x": [0] * 100_001, "y": [1]}])
def test_more_instances_than_may_be_are_refused_where_they_are_declared(mapped):
    with DAG("d"), pytest.raises(BadDag, match="100,000 may be; map over fewer"):
        pair.expand(**mapped)
