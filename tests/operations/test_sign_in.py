from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from scheduler.operations.sign_in import (
    SignedIn,
    end_sessions,
    find_asker,
    list_sessions,
    make_link,
    note_seen,
    sign_in,
    sign_out,
    sign_out_everywhere,
)
from scheduler.security.rights import Asker, owner
from scheduler.store import sessions
from scheduler.store.tables import session as web_session
from scheduler.store.tables import sign_in_token
from tests.store.specs import NOW


def _token(write, now=NOW):
    link = write(make_link, now, "http://127.0.0.1:8080/")
    assert link.startswith("http://127.0.0.1:8080/sign-in?token=")
    return link.partition("token=")[2]


def test_a_link_signs_in_and_the_session_ends_at_sign_out(write):
    token = write(sign_in, NOW, _token(write))
    assert write(find_asker, NOW, token) == SignedIn(owner("owner"), NOW)
    assert write(sign_out, NOW, token)
    assert write(find_asker, NOW, token) is None
    assert not write(sign_out, NOW, token)


def test_of_many_that_use_one_link_at_once_one_comes_in(write):
    link = _token(write)
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: write(sign_in, NOW, link), range(16)))
    assert len([token for token in tokens if token]) == 1


def test_an_expired_or_unknown_link_signs_nobody_in(write):
    link = _token(write)
    assert write(sign_in, NOW + sessions.LINK_LIFETIME, link) is None
    assert write(sign_in, NOW, "guess") is None


def test_an_expired_session_is_nobodys(write):
    token = write(sign_in, NOW, _token(write))
    shortly = timedelta(seconds=1)
    write(note_seen, NOW + sessions.LIFETIME - 2 * shortly, token)
    assert write(find_asker, NOW + sessions.LIFETIME - shortly, token)
    assert write(find_asker, NOW + sessions.LIFETIME, token) is None


def test_a_session_that_nobody_uses_ends_sooner(write):
    token = write(sign_in, NOW, _token(write))
    used_at = NOW + sessions.IDLE_FOR - timedelta(seconds=1)
    assert write(find_asker, used_at, token) == SignedIn(owner("owner"), NOW)
    assert write(find_asker, NOW + sessions.IDLE_FOR, token) is None
    write(note_seen, used_at, token)
    assert write(find_asker, NOW + sessions.IDLE_FOR, token) == SignedIn(owner("owner"), used_at)


def test_who_is_signed_out_everywhere_comes_in_by_a_new_link_alone(write):
    tokens = [write(sign_in, NOW, _token(write)) for _ in range(3)]
    older = _token(write)
    assert write(sign_out_everywhere, NOW) == 3
    assert [write(find_asker, NOW, token) for token in tokens] == [None] * 3
    assert write(sign_in, NOW, older) is None
    assert write(find_asker, NOW, write(sign_in, NOW, _token(write)))


def test_no_token_stands_in_the_database(db, write):
    link = _token(write)
    token = write(sign_in, NOW, link)
    with db.read() as session:
        stored = str([session.execute(sa.select(table)).all() for table in (web_session, sign_in_token)])
    assert link not in stored
    assert token not in stored


def test_what_has_expired_is_deleted(write):
    write(sign_in, NOW, _token(write))
    assert write(sessions.delete_stale, NOW + timedelta(days=1)) == 1
    assert write(sessions.delete_stale, NOW + timedelta(days=365)) == 1


def test_own_sessions_are_listed_and_ended_and_nobody_elses(write):
    here, there = (write(sign_in, NOW, _token(write)) for _ in range(2))
    asker = write(find_asker, NOW, here).asker
    own = write(list_sessions, NOW, asker, here)
    assert sorted(each.is_this for each in own) == [False, True]
    ids = [each.id for each in own if not each.is_this]
    assert write(end_sessions, NOW, Asker("owner", "password"), ids) == 0
    assert write(end_sessions, NOW, asker, ids) == 1
    assert write(find_asker, NOW, there) is None
    assert [each.is_this for each in write(list_sessions, NOW, asker, here)] == [True]
