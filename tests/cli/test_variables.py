"""`dirigent variables`."""

import io

import pytest


@pytest.fixture(autouse=True)
def tables(dirigent):
    dirigent("db", "upgrade")


def test_a_variable_is_set_read_and_deleted(dirigent):
    said = dirigent("variables", "set", "limit", "9", "--description", "rows")
    assert (said.code, said.out) == (0, "Variable limit is set.\n")

    assert dirigent("variables", "get", "limit").out == "9\n"
    assert dirigent("variables", "get", "limit", "-o", "json").json == {
        "key": "limit",
        "value": "9",
        "description": "rows",
        "is_encrypted": True,
    }
    assert dirigent("variables", "delete", "limit").out == "Variable limit was deleted.\n"
    assert dirigent("variables", "list", "-o", "json").json == []


def test_a_value_is_read_from_standard_input(dirigent, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("two\nlines\n"))
    said = dirigent("variables", "set", "text", "-")

    assert "two" not in said.out + said.err
    assert dirigent("variables", "get", "text", "-o", "json").json["value"] == "two\nlines"


def test_lists_mask_values_unless_they_are_asked_for(dirigent):
    dirigent("variables", "set", "token", "s3cret")

    assert "s3cret" not in dirigent("variables", "list").out
    assert dirigent("variables", "list", "-o", "json").json[0]["value"] == "***"
    assert dirigent("variables", "list", "--show-secrets", "-o", "json").json[0]["value"] == "s3cret"


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_an_unknown_variable_is_named(dirigent, verb):
    said = dirigent("variables", verb, "nothing")

    assert (said.code, said.err) == (1, "dirigent: There is no variable 'nothing'.\n")


def test_without_its_key_a_value_is_not_shown(dirigent, monkeypatch):
    dirigent("variables", "set", "token", "s3cret")
    monkeypatch.setenv("DIRIGENT_SECRET_KEY", "k" * 40)

    said = dirigent("variables", "get", "token")

    assert said.code == 1
    assert said.err.startswith("dirigent: A stored secret cannot be decrypted")
    assert dirigent("variables", "list").code == 0
