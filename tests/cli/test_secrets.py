"""`dirigent secrets`."""

import pytest

OLD, NEW = "o" * 40, "n" * 40


@pytest.fixture(autouse=True)
def stored(dirigent, monkeypatch):
    """A variable and a connection, encrypted with the old key."""
    monkeypatch.setenv("DIRIGENT_SECRET_KEY", OLD)
    dirigent("db", "upgrade")
    dirigent("variables", "set", "token", "s3cret")
    dirigent("connections", "set", "shop", "--uri", "postgres://me:hunter2@host/db")


def test_a_rotation_lets_the_old_key_be_left_out(dirigent, monkeypatch):
    monkeypatch.setenv("DIRIGENT_SECRET_KEY", f"{NEW} {OLD}")
    said = dirigent("secrets", "rotate")
    assert (said.code, said.out) == (0, "1 variables and 1 connections are encrypted with the first key.\n")

    monkeypatch.setenv("DIRIGENT_SECRET_KEY", NEW)
    assert dirigent("variables", "get", "token").out == "s3cret\n"
    assert (
        dirigent("connections", "get", "shop", "--show-secrets", "-o", "json").json["password"] == "hunter2"
    )


def test_a_rotation_without_the_old_key_is_refused(dirigent, monkeypatch):
    monkeypatch.setenv("DIRIGENT_SECRET_KEY", NEW)
    said = dirigent("secrets", "rotate")
    assert said.code == 1
    assert said.err.startswith("dirigent: A stored secret cannot be decrypted")
