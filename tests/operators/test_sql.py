"""SQL operators and SqlSensor, against real SQLite and PostgreSQL databases."""

from __future__ import annotations

import pytest

from scheduler import (
    DAG,
    BranchSQLOperator,
    Connection,
    EmptyOperator,
    SQLCheckOperator,
    SQLExecuteQueryOperator,
    SqlHook,
    SqlSensor,
    SQLValueCheckOperator,
    task,
)
from scheduler.errors import BadDag
from scheduler.sdk.xcom import decode
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import attempt


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def connection(request, tmp_path):
    if request.param == "sqlite":
        return Connection("shop", conn_type="sqlite", host=str(tmp_path / "shop.db"))
    url = SqlHook(request.getfixturevalue("postgres_url")).get_uri()
    return Connection(
        "shop",
        "postgres",
        url.host or "",
        url.port,
        url.username or "",
        url.password or "",
        url.database or "",
    )


@pytest.fixture
def channel(connection):
    return LocalChannel("d", {}, {"shop": connection})


@pytest.fixture
def sqlite(tmp_path):
    """The address of a database with two orders."""
    address = f"sqlite:///{tmp_path}/orders.db"
    hook = SqlHook(address)
    hook.run("CREATE TABLE orders (id INTEGER, name TEXT)")
    hook.insert_rows("orders", [(1, "tea"), (2, None)])
    return address


def test_statements_run_in_order_and_rows_are_the_result(dag, channel):
    SQLExecuteQueryOperator(
        "a",
        conn_id="shop",
        split_statements=True,
        sql="""
            CREATE TABLE orders (id INTEGER, day TEXT, price NUMERIC(8, 2)); -- not the end; of it
            INSERT INTO orders VALUES (1, '{{ ds }};', 2.50);
            SELECT id, day FROM orders ORDER BY id;
        """,
    )
    # Rows are tuples, which XCom marks as such.
    assert decode(attempt(dag, channel).xcoms["return_value"]) == [(1, "2026-11-21;")]
    assert "already exists" in attempt(dag, channel).reason


def test_what_fails_is_rolled_back(dag, channel):
    SQLExecuteQueryOperator("a", conn_id="shop", sql=["CREATE TABLE t (n INTEGER)"])
    SQLExecuteQueryOperator("b", conn_id="shop", sql=["INSERT INTO t VALUES (1)", "SELECT * FROM nowhere"])
    SQLExecuteQueryOperator(
        "c", conn_id="shop", sql="SELECT count(*) FROM t", handler=lambda cursor: cursor.fetchone()[0]
    )
    SQLExecuteQueryOperator(
        "e", conn_id="shop", sql=["INSERT INTO t VALUES (1)", "SELECT * FROM nowhere"], autocommit=True
    )
    assert [attempt(dag, channel, task_id=each).state for each in "ab"] == ["success", "failed"]
    assert attempt(dag, channel, task_id="c").xcoms["return_value"] == 0
    assert attempt(dag, channel, task_id="e").state == "failed"
    assert attempt(dag, channel, task_id="c").xcoms["return_value"] == 1


def test_parameters_are_bound_as_the_driver_takes_them(dag, channel, connection):
    sql = "SELECT :name, '%'" if connection.conn_type == "sqlite" else "SELECT %(name)s, '%%'"
    SQLExecuteQueryOperator("a", conn_id="shop", sql=sql, parameters={"name": "{{ ds }}'; --"})
    SQLExecuteQueryOperator("b", conn_id="shop", sql="SELECT '%'")
    assert decode(attempt(dag, channel).xcoms["return_value"]) == [("2026-11-21'; --", "%")]
    assert decode(attempt(dag, channel, task_id="b").xcoms["return_value"]) == [("%",)]


def test_rows_are_inserted_in_batches(dag, channel):
    @task
    def a():
        hook = SqlHook("shop")
        hook.run("CREATE TABLE t (n INTEGER, name TEXT)")
        count = hook.insert_rows("t", ((n, f"name {n}") for n in range(25)), commit_every=10)
        return [
            count,
            *hook.get_first("SELECT count(*), max(n) FROM t"),
            len(hook.get_records("SELECT * FROM t")),
        ]

    a()
    assert attempt(dag, channel).xcoms["return_value"] == [25, 25, 24, 25]


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ({"sql": "SELECT 1"}, [(1,)]),
        ({"sql": ["SELECT 1", "SELECT 2"]}, [[(1,)], [(2,)]]),
        ({"sql": "SELECT 1; SELECT 2", "split_statements": True}, [(2,)]),
        ({"sql": "SELECT 1; SELECT 2", "split_statements": True, "return_last": False}, [[(1,)], [(2,)]]),
        ({"sql": "DELETE FROM orders"}, None),
        ({"sql": "SELECT 1", "handler": None}, None),
    ],
)
def test_what_comes_of_one_text_or_several(sqlite, arguments, result):
    given = {"handler": lambda cursor: cursor.fetchall() if cursor.description else None, **arguments}
    assert SqlHook(sqlite).run(**given) == result


def test_nothing_is_handed_on_where_that_is_not_wanted(dag, sqlite):
    SQLExecuteQueryOperator("a", conn_id=sqlite, sql="SELECT 1", do_xcom_push=False)
    assert attempt(dag).xcoms == {}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT 1, 'x'", ""),
        ("SELECT 1, 0", "The first row is (1, 0), of which something is false"),
        ("SELECT 1 WHERE 1 = 0", "The query gives no row"),
    ],
)
def test_a_check_looks_at_the_first_row(dag, sqlite, sql, words):
    SQLCheckOperator("a", conn_id=sqlite, sql=sql)
    outcome = attempt(dag)
    assert (outcome.state == "success") is (not words)
    assert words in outcome.reason


@pytest.mark.parametrize(
    ("value", "tolerance", "state"),
    [
        (2, None, "success"),
        ("2", None, "success"),
        (3, None, "failed"),
        (2.1, 0.1, "success"),
        ("tea", None, "failed"),
    ],
)
def test_a_value_is_compared(dag, sqlite, value, tolerance, state):
    SQLValueCheckOperator(
        "a", conn_id=sqlite, sql="SELECT count(*) FROM orders", pass_value=value, tolerance=tolerance
    )
    assert attempt(dag).state == state


@pytest.mark.parametrize(
    ("sql", "skipped"), [("SELECT 1", ("no",)), ("SELECT 0", ("yes",)), ("SELECT 1 WHERE 0", ("yes",))]
)
def test_a_query_chooses_the_way(dag, sqlite, sql, skipped):
    ways = {"follow_task_ids_if_true": "yes", "follow_task_ids_if_false": "no"}
    BranchSQLOperator("a", conn_id=sqlite, sql=sql, **ways) >> [EmptyOperator("yes"), EmptyOperator("no")]
    assert attempt(dag).skip_tasks == skipped


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        ({"sql": "SELECT count(*) FROM orders"}, "success"),
        ({"sql": "SELECT 0"}, "reschedule"),
        ({"sql": "SELECT 1 WHERE 0"}, "reschedule"),
        ({"sql": "SELECT 1 WHERE 0", "fail_on_empty": True}, "failed"),
        ({"sql": "SELECT 5", "success": lambda value: value > 9}, "reschedule"),
        ({"sql": "SELECT 5", "failure": lambda value: value == 5}, "failed"),
        ({"sql": "SELECT 0, 5", "selector": lambda row: row[1]}, "success"),
        ({"sql": "SELECT ?", "parameters": [1]}, "success"),
    ],
)
def test_a_sensor_waits_for_a_value(dag, sqlite, arguments, state):
    SqlSensor("a", conn_id=sqlite, mode="reschedule", **arguments)
    assert attempt(dag).state == state


def test_sql_may_stand_in_a_file(tmp_path, sqlite):
    (tmp_path / "count.sql").write_text("SELECT '{{ ds }}'")
    with DAG("d", template_searchpath=str(tmp_path)) as dag:
        SQLExecuteQueryOperator(
            "a", conn_id=sqlite, sql="count.sql", handler=lambda cursor: cursor.fetchone()[0]
        )
    assert attempt(dag).xcoms["return_value"] == "2026-11-21"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"sql": "", "conn_id": "x"}, "sql=''"), ({"sql": "SELECT 1", "conn_id": ""}, "conn_id=''")],
)
def test_what_cannot_work_is_refused(dag, arguments, words):
    with pytest.raises(BadDag, match=words):
        SQLExecuteQueryOperator("a", **arguments)


def test_an_unknown_connection_is_named(dag):
    SQLExecuteQueryOperator("a", conn_id="shpo", sql="SELECT 1")
    assert (
        "There is no connection 'shpo'. Define it: `dirigent connections set shpo --uri URI`."
        in attempt(dag).reason
    )
