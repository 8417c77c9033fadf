"""Who may come in, and what a page may do. One test a class of attack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from scheduler.store import Database
from tests.webui.conftest import HERE, Browser, StillClock, build, new_link, sign_in
from webui.rights import needs
from webui.security import PUBLIC, SIGNED, safe_path

_VALUES: dict[str, Any] = {
    "dag_id": "orders_hourly",
    "run_id": "r",
    "dag_run_id": "r",
    "xcom_key": "k",
    "group_id": "enrich",
    "task_try_number": 1,
    "task_id": "t",
    "attempt_id": 1,
    "try_number": 1,
    "artifact_id": 1,
    "map_index": 1,
    "filename": "x",
    "asset_id": 1,
    "backfill_id": 1,
    "asset_alias_id": 1,
    "connection_id": "c",
    "event_log_id": 1,
    "import_error_id": 1,
    "option": "port",
    "pool_name": "p",
    "section": "dirigent",
    "variable_key": "v",
    "version_number": 1,
    "username": "ada",
    "token_id": 1,
    "key": "k",
    "file_token": "x",
}


def _address(app: Flask, rule: Rule) -> str:
    with app.test_request_context(base_url=HERE):
        values = {name: _VALUES[name] for name in rule.arguments}
        return app.url_for(rule.endpoint, _external=False, **values)


def _routes(app: Flask) -> list[tuple[str, str, str]]:
    return [
        (rule.endpoint, method, _address(app, rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]


def test_a_stranger_gets_nothing_at_any_route_that_is_not_public(app: Flask, stranger: Browser) -> None:
    for endpoint, method, address in _routes(app):
        answer = stranger.client.open(address, method=method, base_url=HERE)
        if endpoint not in PUBLIC | SIGNED:
            assert answer.status_code in {302, 401}, f"{method} {address}"
            assert "orders_hourly" not in answer.text.replace(address, "") or answer.status_code == 302


def test_what_is_signed_is_one_hook_which_is_not_there_without_a_secret(stranger: Browser) -> None:
    assert {"hooks.git"} == SIGNED
    assert stranger.client.post("/hooks/git", base_url=HERE).status_code == 404


def test_public_is_what_the_door_needs_and_nothing_else() -> None:
    probes = {"health.health", "health.ready", "health.live"}
    door = {
        "static",
        "sign_in.door",
        "sign_in.enter",
        "sign_in.prove",
        "oidc.leave_for",
        "oidc.come_back",
        "api_auth.create_token",
        "api_auth.create_token_cli",
        "api_doors.login",
        "languages.words",
    }
    assert door | probes == PUBLIC


@pytest.mark.parametrize(
    "trick", ["/sign-in/../dags", "//dags", "/static/../dags", "/dags;.css", "/health/../dags"]
)
def test_a_path_that_looks_public_is_not(stranger: Browser, trick: str) -> None:
    answer = stranger.get(trick)
    assert answer.status_code in {302, 308, 404}
    assert "orders_hourly" not in answer.text


def test_a_link_works_once(app: Flask, db: Database, clock: StillClock) -> None:
    link = new_link(db, clock.now())
    assert Browser(app.test_client()).post("/sign-in", token=link).status_code == 303
    again = Browser(app.test_client()).post("/sign-in", token=link)
    assert again.status_code == 403
    assert "Set-Cookie" not in again.headers


def test_opening_a_link_does_not_use_it_up(
    app: Flask, db: Database, clock: StillClock, stranger: Browser
) -> None:
    shown = new_link(db, clock.now())
    assert stranger.get(f"/sign-in?token={shown}").status_code == 200
    assert stranger.get(f"/sign-in?token={shown}").status_code == 200
    assert stranger.post("/sign-in", token=shown).status_code == 303


def test_a_link_runs_out(db: Database, clock: StillClock, stranger: Browser) -> None:
    old = new_link(db, clock.now())
    clock.pass_time(minutes=16)
    assert stranger.post("/sign-in", token=old).status_code == 403


def test_a_session_ends_on_the_server_when_its_owner_leaves(app: Flask, person: Browser) -> None:
    cookie = person.client.get_cookie("dirigent_8080", domain="127.0.0.1")
    assert cookie is not None
    assert person.post("/sign-out").status_code == 303
    thief = Browser(app.test_client())
    thief.client.set_cookie("dirigent_8080", cookie.value, domain="127.0.0.1")
    assert thief.get("/dags").status_code == 302


def test_a_session_runs_out(person: Browser, clock: StillClock) -> None:
    clock.pass_time(days=31)
    assert person.get("/dags").status_code == 302


def test_a_session_that_is_used_now_and_then_lives_longer_than_one_that_is_not(
    person: Browser, clock: StillClock
) -> None:
    for _ in range(2):
        clock.pass_time(days=10)
        assert person.get("/dags").status_code == 200
    clock.pass_time(days=0, hours=1)
    assert person.get("/dags").status_code == 200


def test_a_session_that_is_not_used_for_two_weeks_ends(person: Browser, clock: StillClock) -> None:
    clock.pass_time(days=14)
    assert person.get("/dags").status_code == 302


def test_that_a_session_is_used_is_not_written_at_each_request(
    db: Database, person: Browser, clock: StillClock
) -> None:
    clock.pass_time(minutes=59)
    with db.count() as count:
        person.get("/dags")
    assert count.commits == 0


def test_a_cookie_that_we_did_not_sign_is_nobody(stranger: Browser) -> None:
    for forged in ("x", "x.y", "." * 500, "\u20ac"):
        stranger.client.set_cookie("dirigent_8080", forged, domain="127.0.0.1")
        assert stranger.get("/dags").status_code == 302


def test_only_hashes_of_tokens_are_stored(db: Database, person: Browser) -> None:
    cookie = person.client.get_cookie("dirigent_8080", domain="127.0.0.1")
    assert cookie is not None
    token = cookie.value.split(".")[0]
    assert token.encode() not in b"".join(f.read_bytes() for f in _files(db))


def _files(db: Database) -> list[Path]:
    return list(Path(str(db.url.database)).parent.glob("dirigent.db*"))


def test_every_write_refuses_a_wrong_or_missing_token(app: Flask, person: Browser) -> None:
    for endpoint, method, address in _routes(app):
        if method == "GET" or endpoint in PUBLIC | SIGNED:
            continue
        for token in ("", "0" * 64):
            answer = person.client.open(address, method=method, data={"csrf_token": token}, base_url=HERE)
            assert answer.status_code == 403, f"{method} {address}"


def test_a_write_that_another_site_caused_is_refused(person: Browser) -> None:
    answer = person.send("/dags/orders_hourly/pause", {"Sec-Fetch-Site": "cross-site"}, {"is_paused": "true"})
    assert answer.status_code == 403


def test_the_token_of_one_session_is_worth_nothing_in_another(
    app: Flask, db: Database, clock: StillClock
) -> None:
    first, second = sign_in(app, db, clock.now()), sign_in(app, db, clock.now())
    answer = second.client.post("/sign-out", data={"csrf_token": first.token()}, base_url=HERE)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8080", "localhost.", ""]
)
def test_a_name_that_is_not_ours_is_not_answered(person: Browser, host: str) -> None:
    answer = person.client.get("/dags", headers={"Host": host}, base_url=HERE)
    assert answer.status_code in {400, 421}


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:9000", "[::1]:8080"])
def test_our_own_names_are_answered(stranger: Browser, host: str) -> None:
    assert stranger.client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "dags",
        "/\t/evil.example",
        "",
        None,
    ],
)
def test_we_send_nobody_elsewhere(target: str | None) -> None:
    assert safe_path(target) == "/"


def test_the_name_that_people_reach_us_by_is_ours(db: Database, clock: StillClock) -> None:
    app = build(db, clock, base_url="https://dirigent.example/")
    client = app.test_client()
    assert client.get("/health", base_url="https://dirigent.example").status_code == 200
    assert client.get("/health", base_url="https://other.example").status_code == 421
    answer = client.post(
        "/sign-in", data={"token": new_link(db, clock.now())}, base_url="http://dirigent.example"
    )
    assert "Secure" in answer.headers["Set-Cookie"]


def test_we_send_people_back_to_where_they_were_going(app: Flask, db: Database, clock: StillClock) -> None:
    person = Browser(app.test_client())
    assert person.get("/dags?state=failing").headers["Location"] == "/sign-in?next=/dags?state%3Dfailing"
    link = new_link(db, clock.now())
    answer = person.post("/sign-in", token=link, next="/dags?state=failing")
    assert answer.headers["Location"] == "/dags?state=failing"


def test_every_answer_carries_the_headers_that_bind_a_browser(person: Browser, stranger: Browser) -> None:
    answers = [person.get("/"), person.get("/nothing"), person.get("/ui/find"), stranger.get("/sign-in")]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_needs_inline_script_or_style(person: Browser) -> None:
    for address in (
        "/",
        "/dags",
        "/dags/orders_hourly",
        "/dags/orders_hourly/code",
        "/dags/orders_hourly/trigger",
        "/design",
    ):
        text = person.get(address).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick" not in text
        assert text.count("<script") == 1


def test_the_session_cookie_is_narrow(app: Flask, db: Database, clock: StillClock) -> None:
    link = new_link(db, clock.now())
    answer = Browser(app.test_client()).post("/sign-in", token=link)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_an_unexpected_error_gives_nothing_away(app: Flask, db: Database, clock: StillClock) -> None:
    @needs()
    def broken() -> str:
        raise RuntimeError("the password is swordfish")

    app.add_url_rule("/broken", view_func=broken)
    answer = sign_in(app, db, clock.now()).get("/broken")
    assert answer.status_code == 500
    assert "swordfish" not in answer.text
    assert "Traceback" not in answer.text


def test_a_database_that_cannot_be_used_is_not_described_to_whoever_asks(
    db: Database, person: Browser, stranger: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    db.close()
    Path(str(db.url.database)).write_bytes(b"no database" * 1000)
    for address in ("/sign-in", "/api/v2/version?x=1", "/dags"):
        answer = stranger.get(address)
        assert str(db.url.database) not in answer.text
    answer = stranger.client.post("/auth/token", json={"username": "a", "password": "b"}, base_url=HERE)
    assert (answer.status_code, "sqlite" in answer.text) == (503, False)
    assert (answer.headers["Retry-After"], "Refresh" in answer.headers) == ("5", False)
    assert person.get("/dags").headers["Refresh"] == "5"
    assert str(db.url.database) in caplog.text


def test_whoever_writes_is_told_that_the_disk_is_full(db: Database, person: Browser) -> None:
    token = person.token()
    with db.write() as session:
        pages = session.exec_driver_sql("PRAGMA page_count").scalar_one()
        session.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    answer = person.client.post(
        "/api/v2/variables",
        json={"key": "long", "value": "x" * 400_000},
        headers={"X-CSRF-Token": token},
        base_url=HERE,
    )
    assert (answer.status_code, "somebody frees space" in answer.text) == (503, True)
    assert person.get("/variables").status_code == 200
