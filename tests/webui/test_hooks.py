"""The hook by which a repository says that it has changed: who is heard, and what it may cause."""

from __future__ import annotations

import hashlib
import hmac

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from scheduler.store import Database
from scheduler.store.bundles import (
    Fetched,
    Source,
    count_requests,
    find_bundle,
    note_failed,
    note_fetched,
    open_bundle,
)
from scheduler.store.tables import dag, dag_run, event
from tests.webui.conftest import HERE, Browser, StillClock, build, sign_in
from webui import MAX_BODY_BYTES
from webui.api.hooks import BURST, SMALL_BYTES

SECRET = "only between us two"
BODY = b'{"ref": "refs/heads/main"}'
COMMIT = "4f3a" * 10


def signed(body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


@pytest.fixture
def shop(db: Database) -> Database:
    """A database whose DAGs come from a repository."""
    source = Source(
        url="https://git.shop.test/dags.git",
        ref="main",
        view_url="https://git.shop.test/dags/commit/{version}?in={subdir}",
    )
    db.transact(lambda session: open_bundle(session, source))
    return db


@pytest.fixture
def server(shop: Database, clock: StillClock) -> Flask:
    return build(shop, clock, hook_secret=SECRET)


@pytest.fixture
def hook(server: Flask) -> FlaskClient:
    return server.test_client()


def requests(db: Database) -> int:
    with db.read() as session:
        return count_requests(session)


def push(
    client: FlaskClient, headers: dict[str, str], body: bytes = BODY, kind: str = "application/json"
) -> int:
    answer = client.post("/hooks/git", data=body, headers=headers, content_type=kind, base_url=HERE)
    assert SECRET not in answer.text
    return answer.status_code


def test_a_signed_push_asks_the_leader_for_a_look(shop: Database, hook: FlaskClient) -> None:
    assert push(hook, signed()) == 202
    assert requests(shop) == 1
    with shop.read() as session:
        asked = session.execute(sa.select(event.c.actor).where(event.c.kind == "bundle.requested"))
        assert asked.scalars().all() == ["hook:git"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/plain"])
def test_the_signature_is_of_the_body_as_it_was_sent(shop: Database, hook: FlaskClient, kind: str) -> None:
    body = b"payload=%7B%22ref%22%3A+%22a%00b%22%7D&csrf_token=x"
    assert push(hook, signed(body), body, kind) == 202


def test_a_token_as_gitlab_sends_it_is_heard(shop: Database, hook: FlaskClient) -> None:
    assert push(hook, {"X-Gitlab-Token": SECRET}) == 202
    assert requests(shop) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(secret="another secret of theirs"),
        signed(b"another body"),
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": signed()["X-Hub-Signature-256"].removeprefix("sha256=")},
        {"X-Hub-Signature-256": "sha256=\u00e4"},
        {"X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()},
        {"X-Gitlab-Token": ""},
        {"X-Gitlab-Token": SECRET[:-1]},
        {"X-Gitlab-Token": "guess", **signed()},
        {"Authorization": f"Bearer {SECRET}"},
    ],
    ids=lambda headers: next(iter(headers), "none")[:20],
)
def test_whoever_does_not_prove_to_know_the_secret_is_refused(
    shop: Database, hook: FlaskClient, headers: dict[str, str]
) -> None:
    assert push(hook, headers) == 403
    assert requests(shop) == 0


def test_a_person_who_is_signed_in_needs_the_signature_too(
    server: Flask, shop: Database, clock: StillClock
) -> None:
    person = sign_in(server, shop, clock.now())
    assert push(person.client, {}) == 403


def test_an_old_message_sent_again_causes_one_more_look_and_nothing_else(
    shop: Database, hook: FlaskClient
) -> None:
    assert [push(hook, signed()) for _ in range(3)] == [202, 202, 202]
    assert requests(shop) == 3


def test_a_crowd_of_strangers_is_turned_away_and_has_nobody_else_refused(hook: FlaskClient) -> None:
    answers = [push(hook, {}) for _ in range(BURST + 1)]
    assert answers == [403] * BURST + [429]
    assert push(hook, signed()) == 202


def test_too_many_messages_of_those_who_know_the_secret_wait_too(
    hook: FlaskClient, clock: StillClock
) -> None:
    assert [push(hook, signed()) for _ in range(BURST + 1)] == [202] * BURST + [429]
    clock.pass_time(minutes=1)
    assert push(hook, signed()) == 202


def test_large_messages_are_not_read_once_strangers_have_sent_too_many(hook: FlaskClient) -> None:
    large = b"x" * (SMALL_BYTES + 1)
    answers = [push(hook, {}, large) for _ in range(BURST // 2 + 1)]
    assert answers == [403] * (BURST // 2) + [429]
    assert push(hook, signed(large), large) == 429
    assert push(hook, signed()) == 202


def test_a_body_that_is_too_large_is_refused(hook: FlaskClient) -> None:
    assert push(hook, signed(), b"x" * (MAX_BODY_BYTES + 1)) == 413


def test_a_hook_without_a_repository_says_what_is_missing(db: Database, clock: StillClock) -> None:
    client = build(db, clock, hook_secret=SECRET).test_client()
    answer = client.post("/hooks/git", data=BODY, headers=signed(), base_url=HERE)
    assert (answer.status_code, "DIRIGENT_DAGS_GIT_URL" in answer.text) == (409, True)


def test_without_a_secret_there_is_no_hook(db: Database, clock: StillClock) -> None:
    assert push(build(db, clock).test_client(), {"X-Gitlab-Token": ""}) == 404


def test_only_a_post_is_heard(hook: FlaskClient) -> None:
    assert hook.get("/hooks/git", base_url=HERE).status_code in {302, 401, 405}


def test_pages_show_the_commit_of_a_run_and_of_its_dag_with_a_link(
    shop: Database, person: Browser, clock: StillClock
) -> None:
    with shop.write() as session:
        note_fetched(session, clock.now(), Fetched(version=COMMIT, author="Ana", subject="Count <b>"), None)
        session.execute(sa.update(dag).values(bundle_version=COMMIT))
        session.execute(sa.update(dag_run).values(bundle_version="0" * 40))
        run_id = session.scalars(
            sa.select(dag_run.c.run_id).where(dag_run.c.dag_id == "orders_hourly")
        ).first()
    link = "https://git.shop.test/dags/commit/{}?in="
    assert link.format("0" * 40) in person.get(f"/dags/orders_hourly/runs/{run_id}").text
    assert link.format(COMMIT) in person.get("/dags/orders_hourly").text
    listed = person.get("/dags").text
    assert "From https://git.shop.test/dags.git at main" in listed
    assert "Count &lt;b&gt;, Ana" in listed
    details = person.get("/dags/orders_hourly/details").text
    assert COMMIT in details
    assert "https://git.shop.test/dags.git" in details
    answer = person.get(f"/api/v2/dags/orders_hourly/dagRuns/{run_id}").json
    assert answer is not None
    (version,) = answer["dag_versions"]
    assert answer["bundle_version"] == "0" * 40
    assert (version["bundle_name"], version["bundle_version"]) == ("dags-folder", "0" * 40)
    answer = person.get("/api/v2/dags/orders_hourly").json
    assert answer is not None
    assert answer["bundle_version"] == COMMIT


def test_code_of_no_repository_shows_no_commit(person: Browser) -> None:
    assert "commit" not in person.get("/dags/orders_hourly").text


def test_a_failed_fetch_keeps_the_instant_at_which_it_began_to_fail(
    shop: Database, clock: StillClock
) -> None:
    began = clock.now()
    with shop.write() as session:
        note_failed(session, began, "no route")
    clock.pass_time(minutes=5)
    with shop.write() as session:
        note_failed(session, clock.now(), "no host")
    with shop.read() as session:
        found = find_bundle(session)
    assert found is not None
    assert (found.error, found.error_since) == ("no host", began)
