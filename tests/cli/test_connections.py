"""`dirigent connections`."""

import io

import pytest

URI = "postgres://reader:hunter2@Db.example:5432/shop?sslmode=require"


@pytest.fixture(autouse=True)
def tables(dirigent):
    dirigent("db", "upgrade")


def test_a_connection_is_set_by_uri_and_shown_without_secrets(dirigent):
    said = dirigent("connections", "set", "shop_db", "--uri", URI, "--description", "read only")
    assert (said.code, said.out) == (0, "Connection shop_db is set.\n")

    shown = dirigent("connections", "get", "shop_db", "-o", "json").json

    assert shown == {
        "connection_id": "shop_db",
        "conn_type": "postgres",
        "description": "read only",
        "host": "Db.example",
        "port": 5432,
        "schema": "shop",
        "login": "reader",
        "password": "***",
        "extra": "***",
    }
    assert dirigent("connections", "list", "-o", "json").json == [shown]


def test_secrets_are_shown_where_they_are_asked_for(dirigent):
    dirigent("connections", "set", "shop_db", "--uri", URI)

    shown = dirigent("connections", "get", "shop_db", "--show-secrets", "-o", "json").json

    assert (shown["password"], shown["extra"]) == ("hunter2", '{"sslmode": "require"}')
    assert dirigent("connections", "list", "--show-secrets", "-o", "json").json == [shown]
    for words in (("list",), ("get", "shop_db")):
        assert "hunter2" not in dirigent("connections", *words).out


def test_a_connection_is_set_by_its_fields_and_replaced_whole(dirigent, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    words = ("--type", "http", "--host", "api.example", "--port", "443", "--login", "me", "--password", "-")
    assert dirigent("connections", "set", "api", *words).code == 0
    shown = dirigent("connections", "get", "api", "--show-secrets", "-o", "json").json
    assert (shown["login"], shown["port"], shown["password"], shown["extra"]) == ("me", 443, "hunter2", None)

    dirigent("connections", "set", "api", "--type", "http")
    shown = dirigent("connections", "get", "api", "-o", "json").json
    assert (shown["host"], shown["port"], shown["password"]) == (None, None, None)


@pytest.mark.parametrize("words", [(), ("--uri", URI, "--host", "other")])
def test_it_is_either_a_uri_or_fields(dirigent, words):
    said = dirigent("connections", "set", "shop_db", *words)

    assert said.code == 2
    assert "Give --uri, or --type and other fields." in said.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("set", "x", "--uri", "hunter2"), "The URI of connection 'x' cannot be read."),
        (("set", "x", "--host", "h"), "Connection 'x' needs a type"),
        (("set", "x", "--type", "http", "--extra", "hunter2"), "is not a JSON object"),
        (("get", "x"), "There is no connection 'x'."),
        (("get", "x", "--show-secrets"), "There is no connection 'x'."),
        (("delete", "x"), "There is no connection 'x'."),
    ],
)
def test_what_cannot_be_done_is_one_line_without_secrets(dirigent, words, sentence):
    said = dirigent("connections", *words)

    assert (said.code, said.err.count("\n")) == (1, 1)
    assert sentence in said.err
    assert "hunter2" not in said.err


def test_a_connection_is_deleted(dirigent):
    dirigent("connections", "set", "shop_db", "--uri", URI)

    assert dirigent("connections", "delete", "shop_db").out == "Connection shop_db was deleted.\n"
    assert dirigent("connections", "list", "-o", "json").json == []
