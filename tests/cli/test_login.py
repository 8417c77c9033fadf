from scheduler.clock import SystemClock
from scheduler.operations.sign_in import find_asker, sign_in
from scheduler.store import Database


def test_a_link_signs_in_once(dirigent, project, monkeypatch):
    monkeypatch.setenv("DIRIGENT_PORT", "9000")
    dirigent("db", "upgrade")

    link = dirigent("login").out.strip()

    address, _, token = link.partition("?token=")
    assert address == "http://127.0.0.1:9000/sign-in"
    db = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    now = SystemClock().now()
    with db.write() as session:
        assert sign_in(session, now, token)
        assert sign_in(session, now, token) is None


def test_with_revoke_all_nobody_else_is_or_gets_signed_in(dirigent, project):
    dirigent("db", "upgrade")
    db = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    now = SystemClock().now()
    used, unused = (dirigent("login").out.strip().partition("?token=")[2] for _ in range(2))
    with db.write() as session:
        browser = sign_in(session, now, used)
    assert browser

    said = dirigent("login", "--revoke-all")

    assert said.err == "Sessions of the page that were ended: 1.\n"
    fresh = said.out.strip().partition("?token=")[2]
    with db.write() as session:
        assert find_asker(session, now, browser) is None
        assert sign_in(session, now, unused) is None
        assert sign_in(session, now, fresh)


def test_a_backup_that_is_restored_signs_nobody_in_again(dirigent, project):
    dirigent("db", "upgrade")
    db = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    now = SystemClock().now()
    used, unused = (dirigent("login").out.strip().partition("?token=")[2] for _ in range(2))
    with db.write() as session:
        browser = sign_in(session, now, used)
    assert browser
    dirigent("db", "backup", "lost.backup")
    dirigent("login", "--revoke-all")

    said = dirigent("db", "restore", "lost.backup", "--yes")

    assert "Nobody is signed in any more" in said.out
    with db.write() as session:
        assert find_asker(session, now, browser) is None
        assert sign_in(session, now, unused) is None


def test_a_link_needs_tables(dirigent):
    said = dirigent("login")

    assert said.code == 1
    assert "run `dirigent db upgrade`" in said.err
