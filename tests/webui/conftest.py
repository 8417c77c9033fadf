"""The pages over a real database with a small history; a client that is signed in, and one that is not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from scheduler.cli.parts.attempt_logs import AttemptLogs
from scheduler.core.cost import Prices
from scheduler.monitoring.monitor import Monitor
from scheduler.operations.sign_in import make_link
from scheduler.security.secret_key import SecretKey
from scheduler.store import Database, migrate
from scheduler.vitals import Vitals
from tests.webui import seed
from webui import create_app
from webui.context import WebContext

HERE = "http://127.0.0.1:8080"
METRICS_TOKEN = "a token of the tests"
SECRET_KEY = SecretKey(("only for tests " * 3,))


@dataclass
class StillClock:
    """A clock that stands where the test puts it."""

    moment: datetime = seed.NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def pass_time(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two databases to copy, so that no test waits for tables and rows to be made."""
    folder = tmp_path_factory.mktemp("templates")
    for name in ("empty", "shop"):
        db = Database(f"sqlite:///{folder / name}")
        migrate.upgrade(db)
        if name == "shop":
            with db.write() as session:
                seed.add_history(session)
                seed.count(session)
        db.close()
    return folder


@contextmanager
def copied(template: Path, folder: Path) -> Iterator[Database]:
    shutil.copy(template, folder / "dirigent.db")
    db = Database(f"sqlite:///{folder / 'dirigent.db'}")
    yield db
    db.close()


@pytest.fixture
def empty_db(templates: Path, tmp_path: Path) -> Iterator[Database]:
    with copied(templates / "empty", tmp_path) as db:
        yield db


@pytest.fixture
def db(templates: Path, tmp_path: Path) -> Iterator[Database]:
    with copied(templates / "shop", tmp_path) as db:
        yield db


@pytest.fixture
def app(db: Database, clock: StillClock) -> Flask:
    return build(db, clock)


def build(
    db: Database,
    clock: StillClock,
    base_url: str | None = None,
    hook_secret: str | None = None,
    prices: Prices | None = None,
    secret: SecretKey = SECRET_KEY,
    **more: Any,
) -> Flask:
    logs = AttemptLogs(db, Path(str(db.url.database)).parent / "logs", clock)
    monitor = Monitor(db, clock, Vitals(clock.monotonic, 30), role="web", version="1", tells_state=True)
    made = create_app(
        WebContext(
            db=db,
            clock=clock,
            logs=logs,
            secret=secret,
            monitor=monitor,
            metrics_token=METRICS_TOKEN,
            base_url=base_url,
            hook_secret=hook_secret,
            prices=prices or Prices(),
            **more,
        )
    )
    made.jinja_env.bytecode_cache = TEMPLATES
    return made


class Templates(BytecodeCache):
    """What one app has compiled of templates, for the next: each test has an app, and they have the same ones."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[object, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if compiled := self._compiled.get(_in_its_language(bucket)):
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[_in_its_language(bucket)] = bucket.bytecode_to_string()


def _in_its_language(bucket: Bucket) -> tuple[object, str]:
    return getattr(bucket.environment, "language", None), bucket.key


TEMPLATES = Templates()


class Browser:
    """A client that behaves like a browser: keeps cookies, and sends the page's token with what it posts."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, url: str, **headers: str) -> TestResponse:
        return self.client.get(url, headers=headers, base_url=HERE)

    def post(self, url: str, **data: str) -> TestResponse:
        return self.send(url, {}, data)

    def send(self, url: str, headers: dict[str, str], data: dict[str, str]) -> TestResponse:
        form = {"csrf_token": self.token(), **data}
        return self.client.post(url, data=form, headers=headers, base_url=HERE)

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="(\w*)"', self.get("/design").text)
        return found[1] if found else ""


def new_link(db: Database, now: datetime) -> str:
    """Return the token of a fresh sign-in link."""
    with db.write() as session:
        return make_link(session, now, HERE).partition("token=")[2]


def sign_in(app: Flask, db: Database, now: datetime) -> Browser:
    person = Browser(app.test_client())
    entered = person.post("/sign-in", token=new_link(db, now))
    assert entered.status_code == 303
    return person


@pytest.fixture
def person(app: Flask, db: Database, clock: StillClock) -> Browser:
    return sign_in(app, db, clock.now())


@pytest.fixture
def stranger(app: Flask) -> Browser:
    return Browser(app.test_client())
