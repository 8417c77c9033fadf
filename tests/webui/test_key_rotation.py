"""The secret key is replaced server by server, while all of them are asked and write."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from scheduler.operations.secrets import reseal
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store import Database
from scheduler.store.connections import get_connection
from scheduler.store.variables import get_variable
from tests.webui.conftest import HERE, Browser, StillClock, build, sign_in
from tests.webui.test_matrix import add_account

OLD, NEW = "o" * 40, "n" * 40


@dataclass
class Robot:
    """A program that writes secrets by one server and reads them by another."""

    token: str

    def write(self, app: Flask, name: str) -> None:
        link = {"connection_id": name, "conn_type": "http", "password": f"pw-{name}"}
        for kind, body in (("variables", {"key": name, "value": f"text {name}"}), ("connections", link)):
            answer = app.test_client().post(
                f"/api/v2/{kind}", json=body, headers=self._headers, base_url=HERE
            )
            assert answer.status_code == 201, answer.text

    def check(self, app: Flask, *names: str) -> None:
        for name in names:
            answer = app.test_client().get(f"/api/v2/variables/{name}", headers=self._headers, base_url=HERE)
            assert (answer.json or {})["value"] == f"text {name}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def moved(person: Browser, app: Flask) -> Browser:
    """Return somebody whom another server answers from now on, signed in as before."""
    there, cookie = Browser(app.test_client()), person.client.get_cookie("dirigent_8080", "127.0.0.1")
    assert cookie is not None
    there.client.set_cookie(cookie.key, cookie.value, domain="127.0.0.1")
    assert there.get("/account").status_code == 200
    return there


def test_a_key_is_replaced_while_servers_read_and_write_and_people_stay_signed_in(
    db: Database, clock: StillClock
) -> None:
    with db.write() as session:
        robot = Robot(add_account(session, clock, "robot", "Admin"))
    only_old, can_read, writes_new, only_new = (
        build(db, clock, secret=SecretKey(keys)) for keys in ((OLD,), (OLD, NEW), (NEW, OLD), (NEW,))
    )
    person = sign_in(only_old, db, clock.now())
    robot.write(only_old, "a")
    robot.write(can_read, "b")
    robot.check(only_old, "a", "b")
    robot.write(writes_new, "c")
    robot.check(can_read, "a", "b", "c")
    person = moved(moved(person, can_read), writes_new)
    cipher = FernetCipher(SecretKey((NEW, OLD)))
    db.transact(lambda session: reseal(session, clock.now(), cipher, actor="cli"))
    robot.write(writes_new, "d")
    robot.check(only_new, "a", "b", "c", "d")
    moved(person, only_new)
    with db.read() as session:
        left = FernetCipher(SecretKey((NEW,)))
        found = get_connection(session, left, "b")
        assert (found and found.password, get_variable(session, left, "c")) == ("pw-b", "text c")
