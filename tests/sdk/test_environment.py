"""Connections and variables from the environment, where no server answers."""

from __future__ import annotations

import pytest

from scheduler import Connection, Variable

FIELDS = {"conn_type": "postgres", "login": "me", "password": "a/b c", "host": "db.example.org", "port": 5432}


@pytest.mark.parametrize(
    "text",
    [
        "postgres://me:a%2Fb%20c@db.example.org:5432/shop?sslmode=require",
        "postgres://me:a%2Fb%20c@db.example.org:5432/shop?__extra__=%7B%22sslmode%22%3A+%22require%22%7D",
        '{"conn_type": "postgres", "login": "me", "password": "a/b c", "host": "db.example.org", "port": "5432",'
        ' "schema": "shop", "extra": {"sslmode": "require"}}',
    ],
    ids=["uri", "uri with one extra", "json"],
)
@pytest.mark.parametrize("system", ["DIRIGENT", "AIRFLOW"])
def test_a_connection_may_be_a_uri_or_json_of_either_name(monkeypatch, text, system):
    monkeypatch.setenv(f"{system}_CONN_SHOP_DB", text)
    connection = Connection.get("shop_db")
    assert {name: getattr(connection, name) for name in FIELDS} == FIELDS
    assert (connection.schema, connection.extra_dejson) == ("shop", {"sslmode": "require"})


def test_a_uri_that_dirigent_writes_is_read_as_it_was():
    connection = Connection("c", "http", "example.org", 80, "me", "s:c@", extra='{"a": "1 2"}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_C", connection.get_uri())
        assert Connection.get("c") == connection


def test_dirigents_own_variable_comes_before_airflows(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REGION", "old")
    assert Variable.get("region") == "old"
    monkeypatch.setenv("DIRIGENT_VAR_REGION", "new")
    assert Variable.get("region") == "new"
