import io

import pytest

from scheduler.cli.parts.page import check_reach
from scheduler.clock import SystemClock
from scheduler.errors import BadSetting
from scheduler.operations.sign_in import prove_password
from scheduler.store import Database


@pytest.fixture
def typed(monkeypatch):
    """Say what stands on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def _proven(project, name, password):
    db = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    answer = prove_password(db, SystemClock().now(), name, password, "")
    db.close()
    return answer is None


def test_an_account_from_its_making_to_its_end(dirigent, project, typed):
    dirigent("db", "upgrade")
    typed("correct horse\n")
    assert dirigent("users", "create", "ada", "--role", "User@team:crew", "--password-stdin").out == (
        "ada was created: User@team:crew.\n"
    )
    assert _proven(project, "ada", "correct horse")
    assert dirigent("users", "roles", "ada", "Op", "Viewer").code == 0
    [row] = dirigent("users", "list", "-o", "json").json
    assert (row["username"], row["roles"], row["active"], row["sign_in"]) == (
        "ada", "Op, Viewer", True, "password",
    )  # fmt: skip
    typed("another horse\n")
    dirigent("users", "passwd", "ada", "--password-stdin")
    assert _proven(project, "ada", "another horse")
    dirigent("users", "disable", "ada")
    assert not _proven(project, "ada", "another horse")
    dirigent("users", "enable", "ada")
    assert _proven(project, "ada", "another horse")
    dirigent("users", "delete", "ada")
    assert dirigent("users", "list", "-o", "json").json == []


def test_what_cannot_be_is_refused_in_words(dirigent, typed):
    dirigent("db", "upgrade")
    typed("short\n")
    said = dirigent("users", "create", "ada", "--role", "User", "--password-stdin")
    assert (said.code, said.err) == (1, "dirigent: A password has 8 to 1000 characters; this one has 5.\n")
    typed("correct horse\n")
    said = dirigent("users", "create", "ada", "--role", "Chief", "--password-stdin")
    assert "There is no role 'Chief'. There are: Viewer, User, Op, Admin." in said.err
    typed("")
    assert "give it with --password-stdin" in dirigent("users", "create", "ada", "--role", "User").err
    assert "There is no user 'eve'" in dirigent("users", "disable", "eve").err


def test_a_program_comes_in_by_a_token_that_is_shown_once(dirigent):
    dirigent("db", "upgrade")
    dirigent("users", "create", "robot", "--role", "User", "--service")
    made = dirigent(
        "tokens", "create", "robot", "nightly", "--days", "30", "--scope", "dag.run", "--scope", "dag.read"
    )
    assert made.out.startswith("dirigent_")
    assert "Token 1 of robot counts until" in made.err
    [row] = dirigent("tokens", "list", "-o", "json").json
    assert (row["name"], row["scopes"], row["state"]) == ("nightly", "dag.read, dag.run", "counts")
    assert made.out.strip() not in str(row)
    dirigent("tokens", "revoke", "1")
    [row] = dirigent("tokens", "list", "--user", "robot", "-o", "json").json
    assert row["state"] == "revoked"


def test_a_role_of_ones_own_is_made_listed_and_deleted(dirigent):
    dirigent("db", "upgrade")
    assert dirigent("roles", "set", "Auditor", "audit.read", "dag.read").code == 0
    assert {"role": "Auditor", "made": "of your own", "rights": "audit.read, dag.read"} in dirigent(
        "roles", "list", "-o", "json"
    ).json
    assert "dag.fly is no right" in dirigent("roles", "set", "Pilot", "dag.fly").err
    dirigent("roles", "delete", "Auditor")
    assert "Auditor" not in dirigent("roles", "list").out


def test_a_server_without_accounts_does_not_listen_where_others_reach_it(dirigent, project):
    dirigent("db", "upgrade")
    db = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    check_reach("127.0.0.1", db)
    with pytest.raises(BadSetting, match="`dirigent users create NAME --role Admin`"):
        check_reach("192.0.2.1", db)
    dirigent("users", "create", "robot", "--role", "Admin", "--service")
    check_reach("192.0.2.1", db)
    db.close()
