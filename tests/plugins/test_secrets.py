"""Places of secrets that plugins bring are asked first; where one does not answer, nobody guesses."""

from __future__ import annotations

import pytest

from scheduler.plugins.loading import Plugins
from scheduler.plugins.secrets import BackendFailed, SecretsFirst, secrets_first
from scheduler.sdk.variables import EnvironmentReader


class Vault:
    def __init__(self, **variables):
        self.variables = variables
        self.is_sealed = False

    def get_variable(self, key):
        if self.is_sealed:
            raise OSError("the vault is sealed")
        return self.variables.get(key)

    def get_connection(self, conn_id):
        return {"conn_type": "http", "host": conn_id, "unknown": 1} if conn_id in self.variables else None


def behind(job, verb, args):
    return f"Dirigent's answer to {verb}"


def test_the_first_place_that_knows_a_variable_answers():
    first, second = Vault(key="one"), Vault(key="two", other="three")
    answer = SecretsFirst([("a", first), ("b", second)], behind)
    assert answer(None, "get_variable", {"key": "key"}) == "one"
    assert answer(None, "get_variable", {"key": "other"}) == "three"
    assert answer(None, "get_variable", {"key": "none"}) == "Dirigent's answer to get_variable"


def test_a_connection_has_the_fields_that_connections_have():
    answer = SecretsFirst([("a", Vault(shop="x"))], behind)
    found = answer(None, "get_connection", {"conn_id": "shop"})
    assert (found["host"], found["password"], "unknown" in found) == ("shop", None, False)


def test_other_requests_reach_no_plugin():
    vault = Vault()
    vault.is_sealed = True
    assert SecretsFirst([("a", vault)], behind)(None, "get_xcom", {}) == "Dirigent's answer to get_xcom"


def test_a_place_that_does_not_answer_is_named():
    vault = Vault()
    vault.is_sealed = True
    with pytest.raises(
        BackendFailed, match="The secrets of plugin vault cannot be read: the vault is sealed"
    ):
        SecretsFirst([("plugin vault", vault)], behind)(None, "get_variable", {"key": "key"})


def test_the_environment_answers_after_plugins_and_names_what_it_cannot_read(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_KEY", "of the environment")
    monkeypatch.setenv("DIRIGENT_CONN_BROKEN", "s3cret")
    answer = secrets_first(Plugins(), EnvironmentReader(), behind)
    assert answer(None, "get_variable", {"key": "key"}) == "of the environment"
    assert answer(None, "get_connection", {"conn_id": "none"}) == "Dirigent's answer to get_connection"
    with pytest.raises(
        BackendFailed, match=r"The secrets of the environment cannot be read: .*'broken'"
    ) as told:
        answer(None, "get_connection", {"conn_id": "broken"})
    assert "s3cret" not in str(told.value)
