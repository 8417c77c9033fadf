"""Accounts, passwords, tokens: who comes in, who does not, and what ends it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.scopes import EVERYTHING, NOTHING, Scope
from scheduler.errors import AlreadyExists, BadName, BadParams, BadPassword, BadRole, Conflict, NotFound
from scheduler.operations.accounts import (
    asker_of,
    create_account,
    remove_account,
    remove_role,
    roles_of,
    set_active,
    set_password,
    set_role,
    set_roles,
)
from scheduler.operations.api_tokens import (
    MOST,
    MOST_BY_PASSWORD,
    create_token,
    find_bearer,
    revoke_token,
)
from scheduler.operations.sign_in import Refused, find_asker, open_session, prove_password
from scheduler.security.rights import ROLES, Right
from scheduler.store.tables import account, api_token, event
from tests.store.specs import NOW

PASSWORD = "correct horse"
FROM = "192.0.2.7"


@pytest.fixture
def ada(write):
    """An account with a password."""
    write(create_account, NOW, "ada", roles=["User@team:crew", "Viewer"], password=PASSWORD, actor="cli")
    return "ada"


def test_an_account_may_what_its_roles_say_about_what_they_say(write, ada):
    asker = write(asker_of, ada, "password")
    assert asker.scope_of(Right.DAG_READ) == EVERYTHING | Scope(teams=frozenset({"crew"}))
    assert asker.scope_of(Right.DAG_RUN) == Scope(teams=frozenset({"crew"}))
    assert asker.scope_of(Right.USER_EDIT) == NOTHING
    write(set_roles, NOW, ada, ["Op@dag:one", "Op@tag:two"], actor="cli")
    assert write(roles_of, [ada]) == {ada: ("Op@dag:one", "Op@tag:two")}
    both = Scope(dag_ids=frozenset({"one"}), tags=frozenset({"two"}))
    assert write(asker_of, ada, "password").scope_of(Right.DAG_RUN) == both


@pytest.mark.parametrize("role", ["", "Chief", "User@", "User@crew", "User@squad:x", "User@team:", "@team:x"])
def test_a_role_that_cannot_be_is_refused_with_what_can(write, role):
    with pytest.raises(BadRole, match="Viewer, User, Op, Admin"):
        write(create_account, NOW, "ada", roles=[role], password=PASSWORD, actor="cli")


@pytest.mark.parametrize("name", ["", "owner", "a b", "-x", "x" * 251, "ada\n"])
def test_a_name_that_cannot_be_is_refused(write, name):
    with pytest.raises(BadName):
        write(create_account, NOW, name, roles=["Viewer"], password=PASSWORD, actor="cli")


@pytest.mark.parametrize("password", ["short", "x" * 1001, "aaaaaaaaaaaa", "ada-lovelace"])
def test_a_password_that_is_too_plain_is_refused_and_never_repeated(write, password):
    with pytest.raises(BadPassword) as refused:
        write(create_account, NOW, "ada-lovelace", roles=["Viewer"], password=password, actor="cli")
    assert password not in str(refused.value)


def test_a_name_is_given_once(write, ada):
    with pytest.raises(AlreadyExists):
        write(create_account, NOW, ada, roles=["Admin"], password=PASSWORD, actor="cli")
    assert not write(asker_of, ada, "password").may(Right.USER_EDIT)


def test_a_password_is_stored_as_argon2id_alone(db, ada):
    with db.read() as session:
        stored = session.scalar(sa.select(account.c.password_hash))
        told = str(session.execute(sa.select(event.c.reason)).all())
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored + told


def test_a_wrong_name_and_a_wrong_password_are_refused_in_one_way(db, write, ada):
    write(create_account, NOW, "robot", roles=["User"], is_service=True, actor="cli")
    write(set_active, NOW, "robot", is_active=False, actor="cli")
    answers = [
        prove_password(db, NOW, name, word, f"{FROM}{place}")
        for place, (name, word) in enumerate([(ada, "wrong word"), ("nobody", PASSWORD), ("robot", PASSWORD)])
    ]
    assert answers == [Refused(is_too_often=False)] * 3
    assert prove_password(db, NOW, ada, PASSWORD, FROM) is None


def test_after_five_wrong_passwords_the_right_one_is_not_heard_either_for_a_while(db, ada):
    for _ in range(5):
        assert prove_password(db, NOW, ada, "wrong word", FROM) == Refused(is_too_often=False)
    assert prove_password(db, NOW, ada, PASSWORD, FROM) == Refused(is_too_often=True)
    assert prove_password(db, NOW, "nobody", PASSWORD, FROM) == Refused(is_too_often=False)
    assert prove_password(db, NOW, ada, PASSWORD, "192.0.2.8") is None
    assert prove_password(db, NOW + timedelta(minutes=16), ada, PASSWORD, FROM) is None


def test_what_changes_an_account_ends_its_sessions(write, ada):
    changes = [
        lambda: write(set_password, NOW, ada, "another horse", actor="cli"),
        lambda: write(set_active, NOW, ada, is_active=False, actor="cli"),
        lambda: write(remove_account, NOW, ada, actor="cli"),
    ]
    for change in changes:
        token = write(open_session, NOW, ada, "password")
        if write(find_asker, NOW, token) is None:
            write(set_active, NOW, ada, is_active=True, actor="cli")
            token = write(open_session, NOW, ada, "password")
        assert write(find_asker, NOW, token).asker.name == ada
        change()
        assert write(find_asker, NOW, token) is None


def test_a_session_of_an_account_that_is_gone_is_not_that_of_its_name_sake(write, ada):
    token = write(open_session, NOW, ada, "password")
    write(remove_account, NOW, ada, actor="cli")
    write(create_account, NOW, ada, roles=["Admin"], password=PASSWORD, actor="cli")
    assert write(find_asker, NOW, token) is None


def test_a_token_has_the_rights_of_its_account_or_fewer(write, ada):
    full = write(create_token, NOW, ada, "all", lasts=None, actor="cli")
    some = write(create_token, NOW, ada, "some", lasts=None, rights=["dag.read", "user.edit"], actor="cli")
    assert write(find_bearer, NOW, full.token).asker.grants == write(asker_of, ada, "token").grants
    bearer = write(find_bearer, NOW, some.token)
    assert bearer.asker.may(Right.DAG_READ)
    assert not bearer.asker.may(Right.DAG_RUN)
    assert not bearer.asker.may(Right.USER_EDIT)


def test_a_token_ends_with_its_time_its_revocation_or_its_account(write, ada):
    made = [write(create_token, NOW, ada, "t", lasts=timedelta(days=1), actor="cli") for _ in range(3)]
    assert write(find_bearer, NOW + timedelta(days=1), made[0].token) is None
    write(revoke_token, NOW, made[1].id, actor="cli")
    assert write(find_bearer, NOW, made[1].token) is None
    with pytest.raises(NotFound):
        write(revoke_token, NOW, made[1].id, actor="cli")
    assert write(find_bearer, NOW, made[2].token)
    write(set_active, NOW, ada, is_active=False, actor="cli")
    write(set_active, NOW, ada, is_active=True, actor="cli")
    assert write(find_bearer, NOW, made[2].token) is None
    assert write(find_bearer, NOW, "dirigent_guess") is None


def test_of_a_token_only_a_hash_is_stored(db, write, ada):
    made = write(create_token, NOW, ada, "t", lasts=None, actor="cli")
    with db.read() as session:
        rows = str(session.execute(sa.select(api_token)).all()) + str(session.execute(sa.select(event)).all())
    assert made.token not in rows


def test_an_account_has_so_many_tokens_and_those_of_its_password_end_oldest_first(write, ada):
    def make(name, count=1, **more):
        return [write(create_token, NOW, ada, name, lasts=None, actor="cli", **more) for _ in range(count)]

    def counts(made):
        return write(find_bearer, NOW, made.token) is not None

    many = {"account": ada, "name": "t", "created_at": NOW}
    write(_insert_tokens, [{**many, "hash": f"h{number}"} for number in range(MOST - 1)])
    [last] = make("t")
    with pytest.raises(Conflict, match="ada has 100 tokens that count"):
        make("t")
    first, *rest = make("sign-in", 3)
    signed = {**many, "name": "sign-in of a command line"}
    write(_insert_tokens, [{**signed, "hash": f"s{number}"} for number in range(MOST_BY_PASSWORD - 3)])
    newest = make("sign-in")
    assert [counts(each) for each in (last, first, *rest, *newest)] == [True, False, True, True, True]
    write(revoke_token, NOW, last.id, actor="cli")
    make("t")


def _insert_tokens(session, rows):
    session.execute(sa.insert(api_token), rows)


def test_a_token_that_cannot_be_is_refused(write, ada):
    for wrong in (timedelta(), timedelta(days=5000)):
        with pytest.raises(BadParams):
            write(create_token, NOW, ada, "t", lasts=wrong, actor="cli")
    with pytest.raises(BadRole, match=r"dag\.fly is no right"):
        write(create_token, NOW, ada, "t", lasts=None, rights=["dag.fly"], actor="cli")
    with pytest.raises(NotFound):
        write(create_token, NOW, "nobody", "t", lasts=None, actor="cli")


def test_a_service_account_has_no_password(write):
    write(create_account, NOW, "robot", roles=["User"], is_service=True, actor="cli")
    with pytest.raises(Conflict, match="tokens"):
        write(set_password, NOW, "robot", PASSWORD, actor="cli")


def test_a_role_of_ones_own_grants_its_rights_until_it_is_deleted(write, ada):
    write(set_role, NOW, "Auditor", ["audit.read", "dag.read"], actor="cli")
    write(set_roles, NOW, ada, ["Auditor"], actor="cli")
    assert write(asker_of, ada, "password").may(Right.AUDIT_READ)
    write(set_role, NOW, "Auditor", ["dag.read"], actor="cli")
    assert not write(asker_of, ada, "password").may(Right.AUDIT_READ)
    write(remove_role, NOW, "Auditor", actor="cli")
    assert write(asker_of, ada, "password").grants == ()


def test_roles_that_are_always_there_stay_as_they_are(write):
    assert "Viewer" in ROLES
    with pytest.raises(BadRole):
        write(set_role, NOW, "Viewer", ["user.edit"], actor="cli")


def test_each_change_is_an_event(db, write, ada):
    write(set_active, NOW, ada, is_active=False, actor="user:root")
    with db.read() as session:
        rows = session.execute(sa.select(event.c.kind, event.c.actor, event.c.reason).order_by(event.c.id))
        assert [*map(tuple, rows)] == [
            ("user.created", "cli", "ada: User@team:crew, Viewer"),
            ("user.disabled", "user:root", "ada"),
        ]
