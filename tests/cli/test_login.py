from scheduler.clock import SystemClock
from scheduler.operations.sign_in import sign_in
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
        assert sign_in(session, now, token, "owner")
        assert sign_in(session, now, token, "owner") is None


def test_a_link_needs_tables(dirigent):
    said = dirigent("login")

    assert said.code == 1
    assert "run `dirigent db upgrade`" in said.err
