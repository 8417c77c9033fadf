"""Every route as every role, and against everything that another team owns: made from the route table."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from scheduler.operations.accounts import create_account
from scheduler.operations.api_tokens import create_token
from scheduler.runtime.supervisor.connection_trials import ConnectionTrials
from scheduler.security.encryption import FernetCipher
from scheduler.security.rights import OF_SERVER, ROLES, Right
from scheduler.store import Session, tables
from scheduler.store.connections import Connection, put_connection
from scheduler.store.variables import put_variable
from scheduler.store.views.runs import find_run
from tests.webui import seed
from tests.webui.conftest import HERE, SECRET_KEY, StillClock, build, copied
from tests.webui.test_pages import FAILED_RUN_ID
from webui.rights import declared
from webui.security import PUBLIC, SIGNED

#: Stands in everything of the other team's that an address does not name.
CANARY = "okapi"
#: A secret of our own team's, which nobody reads.
SECRET = "numbat-4711-numbat"
KEPT = {"variable_key": "stripe_api_key", "connection_id": "shop_db"}
OWN = {
    "dag_id": "orders_hourly",
    "run_id": FAILED_RUN_ID,
    "dag_run_id": FAILED_RUN_ID,
    "task_id": "extract",
    "asset_id": 1,
}
#: Half of a character: JSON that is kept may hold it, though no text can.
HALF = "\ud800"
ODD = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
#: What an address may name beside DAG, run, task and asset; a route with another argument adds it here.
MORE = {
    "key": "k",
    "file_token": urlsafe_b64encode(seed.ORDERS.file.encode()).decode(),
    "attempt_id": 1,
    "try_number": 1,
    "artifact_id": 1,
    "map_index": 1,
    "filename": "x",
    "backfill_id": 1,
    "username": "Admin",
    "token_id": 1,
    "xcom_key": "return_value",
    "group_id": "enrich",
    "task_try_number": 1,
    "asset_alias_id": 1,
    "connection_id": "c",
    "event_log_id": 1_000_000,
    "import_error_id": 1,
    "option": "port",
    "pool_name": "p",
    "section": "dirigent",
    "variable_key": "v",
    "version_number": 1,
}


@dataclass(frozen=True)
class House:
    """An application of two teams: tokens by account, and what the other team's things are called, and our own."""

    app: Flask
    tokens: dict[str, str]
    foreign: dict[str, Any]
    own: dict[str, Any]

    def ask(self, name: str, method: str, address: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.tokens[name]}", **more.pop("headers", {})}
        return self.app.test_client().open(address, method=method, headers=headers, base_url=HERE, **more)

    def routes(self) -> Iterator[tuple[Rule, str]]:
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint not in PUBLIC | SIGNED:
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                    yield rule, method

    def address(self, rule: Rule, values: dict[str, Any]) -> str:
        with self.app.test_request_context(base_url=HERE):
            given = {name: values[name] for name in rule.arguments}
            return self.app.url_for(rule.endpoint, _external=False, **given)


@pytest.fixture(scope="module")
def house(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    clock = StillClock()
    with copied(templates / "shop", tmp_path_factory.mktemp("matrix")) as db:
        with db.write() as session:
            foreign = add_other_team(session)
            add_secrets(session)
            run = find_run(session, "orders_hourly", FAILED_RUN_ID)
            give_secrets(session, run.id)
            add_odd_runs(session)
            own = OWN | MORE | own_things(session, run.id, "shop", run.dag_id, "ours")
            tokens = {role: add_account(session, clock, role, role) for role in ROLES}
            tokens["shop"] = add_account(session, clock, "shop", "Admin@team:shop")
        trials = ConnectionTrials({}, command=["false"])
        yield House(build(db, clock, trials=trials), tokens, foreign, own)


def add_account(session: Session, clock: StillClock, name: str, role: str) -> str:
    create_account(session, clock.now(), name, roles=[role], is_service=True, actor="cli")
    return create_token(session, clock.now(), name, "t", lasts=None, actor="cli").token


def add_secrets(session: Session) -> None:
    """Store a variable and a connection of the team `shop`."""
    cipher, key, conn_id = FernetCipher(SECRET_KEY), KEPT["variable_key"], KEPT["connection_id"]
    put_variable(session, seed.NOW, cipher, key, SECRET)
    extra = json.dumps({"token": SECRET, "tls": {"private_key": SECRET}})
    link = Connection(conn_id=conn_id, conn_type="postgres", host="h", password=SECRET, extra=extra)
    put_connection(session, seed.NOW, cipher, link)
    session.execute(sa.update(tables.variable).where(tables.variable.c.key == key).values(team_name="shop"))
    own = sa.update(tables.connection).where(tables.connection.c.conn_id == conn_id)
    session.execute(own.values(team_name="shop"))


def give_secrets(session: Session, run: int) -> None:
    given = {"conf": {"password": SECRET}, "params": {"limit": 3, "password": SECRET}}
    session.execute(sa.update(tables.dag_run).where(tables.dag_run.c.id == run).values(given))


def add_odd_runs(session: Session) -> None:
    """Store runs of the first and the last days there are, with halves of characters in what is kept as JSON."""
    [version] = session.execute(
        sa.select(tables.dag.c.version_id).where(tables.dag.c.dag_id == "orders_hourly")
    ).scalars()
    for at in ODD:
        name = f"odd_{at.year}"
        dated = {"logical_date": at, "run_after": at, "run_id": name, "trigger_key": name}
        began, conf = seed.hours_ago(3), {HALF: [HALF]}
        seed.add_run(session, seed.ORDERS, version, began, "failed", seed.FAILED, conf=conf, **dated)


def add_other_team(session: Session) -> dict[str, Any]:
    """Store what the team `stock` owns; return the names by which addresses call it."""
    session.execute(sa.insert(tables.dag_tag).values(dag_id="orders_hourly", name="team:shop"))
    spec = replace(
        seed.ORDERS,
        dag_id="stock_sync",
        file="okapi.py",
        description=f"counts each {CANARY}",
        owner=f"{CANARY} keeper",
        tags=("team:stock", CANARY),
    )
    version = seed.add_dag(session, spec, next_run_at=seed.NOW)
    beside = replace(spec, dag_id=f"{CANARY}_beside", file=seed.ORDERS.file)
    seed.add_dag(session, beside)
    told: dict[str, Any] = {
        "dag_ids": ["orders_hourly", beside.dag_id],
        "warnings": ["old"],
        "error_type": "NameError",
    }
    told |= {
        "fingerprint": "x",
        "depends_on": {"files": {}, "variables": {}},
        "parsed_at": seed.NOW,
        "error_message": "no",
    }
    session.execute(sa.insert(tables.dag_file).values(path=seed.ORDERS.file, **told))
    more = replace(spec, dag_id=f"{CANARY}_count", file="more.py")
    seed.add_run(session, more, seed.add_dag(session, more), seed.hours_ago(1), "running", seed.HALF)
    told = {"note": CANARY, "conf": {"animal": CANARY}, "run_id": "r"}
    run = seed.add_run(session, spec, version, seed.hours_ago(1), "failed", seed.FAILED, **told)
    failed = sa.update(tables.task_instance).where(tables.task_instance.c.run_pk == run)
    session.execute(failed.values(reason=f"no {CANARY}"))
    attempt = session.scalar(sa.select(tables.attempt.c.id).where(tables.attempt.c.run_pk == run).limit(1))
    seed.count(session)
    names = {"dag_id": "stock_sync", "run_id": "r", "dag_run_id": "r", "attempt_id": attempt}
    names["file_token"] = urlsafe_b64encode(spec.file.encode()).decode()
    return OWN | MORE | names | own_things(session, run, "stock", "stock_sync", CANARY)


def own_things(session: Session, run: int, team: str, dag_id: str, word: str) -> dict[str, Any]:
    """Store what a team owns beside its DAGs; return the names by which addresses call it."""
    asset = {"name": word, "uri": f"s3://{word}", "extra": {HALF: HALF}, "updated_at": seed.NOW}
    asset_id = session.scalar(sa.insert(tables.asset).values(asset).returning(tables.asset.c.id))
    use = {"dag_id": dag_id, "role": "outlet", "task_id": "load", "kind": "name", "value": word}
    session.execute(sa.insert(tables.asset_use).values(use))
    change = {"name": word, "at": seed.NOW, "extra": {HALF: HALF}, "dag_id": dag_id}
    session.execute(sa.insert(tables.asset_event).values(change))
    value = {"value": FernetCipher(SECRET_KEY).seal("x"), "description": word, "updated_at": seed.NOW}
    for key, whose in ((f"{word}_{team}", team), (f"{word}_None", None), (f"{team}_key", team)):
        session.execute(sa.insert(tables.variable).values(key=key, team_name=whose, **value))
    link = {"conn_type": word, "team_name": team, "updated_at": seed.NOW}
    scarce = {"slots": 1, "description": word, "team_name": team}
    for name in (word, f"{team}_thing"):
        session.execute(sa.insert(tables.connection).values(conn_id=name, **link))
        session.execute(sa.insert(tables.pool).values(name=name, **scarce))
    document = {"name": word, "media_type": "text/plain", "data": b"x", "updated_at": seed.NOW}
    artifact = sa.insert(tables.artifact).values(run_pk=run, task_id="extract", **document)
    names = {"variable_key": f"{team}_key", "connection_id": f"{team}_thing", "pool_name": f"{team}_thing"}
    return {
        **names,
        "asset_id": asset_id,
        "artifact_id": session.scalar(artifact.returning(tables.artifact.c.id)),
        "backfill_id": _add_backfill(session, dag_id, word),
    }


def _add_backfill(session: Session, dag_id: str, word: str) -> int:
    spans = dict.fromkeys(("from_date", "to_date", "created_at", "updated_at"), seed.NOW)
    flags = dict.fromkeys(
        ("run_backwards", "run_on_latest_version", "is_paused", "is_cancelled", "is_drawn"), False
    )
    words = {"dag_id": dag_id, "reprocess_behavior": "none", "triggered_by": word, "reason": word}
    row = spans | flags | words | {"max_active_runs": 1, "left_count": 0}
    made = sa.insert(tables.backfill).values(row).returning(tables.backfill.c.id)
    return int(session.execute(made).scalar_one())


def test_no_route_shows_or_does_anything_of_what_another_team_owns(house: House) -> None:
    for rule, method in house.routes():
        address = house.address(rule, house.foreign)
        # What a body lacks is told before an asset is looked for.
        body = {"json": {"value": 1}} if rule.endpoint == "api_asset_states.set_asset_state_store" else {}
        answer = house.ask("shop", method, address, **body)
        assert CANARY not in answer.text, f"{method} {address}"
        assert SECRET not in answer.text, f"{method} {address}"
        assert answer.status_code != 500, f"{method} {address}"
        if {"dag_id", "asset_id", "backfill_id"} & rule.arguments:
            assert answer.status_code == 404, f"{method} {address} answered {answer.status_code}"


def test_each_role_is_refused_what_it_has_no_right_to(house: House) -> None:
    refused = 0
    for rule, method in house.routes():
        needed = declared(house.app, rule.endpoint) or ()
        for role, rights in ROLES.items():
            if set(needed) - rights:
                answer = house.ask(role, method, house.address(rule, OWN | MORE))
                assert answer.status_code == 403, (
                    f"{role}: {method} {rule.rule} answered {answer.status_code}"
                )
                refused += 1
    assert refused > 25


def test_who_was_granted_some_dags_is_refused_what_is_about_the_server(house: House) -> None:
    for rule, method in house.routes():
        if set(declared(house.app, rule.endpoint) or ()) & OF_SERVER:
            assert house.ask("shop", method, house.address(rule, OWN | MORE)).status_code == 403


def test_each_page_about_ones_own_dag_and_an_odd_run_of_it_is_there(house: House) -> None:
    odd = dict.fromkeys(("run_id", "dag_run_id"), f"odd_{ODD[-1].year}")
    for rule, method in house.routes():
        is_about_it = "dag_id" in rule.arguments and rule.arguments <= {"dag_id", *odd}
        if method == "GET" and is_about_it and "panel" not in rule.endpoint:
            answer = house.ask("shop", method, house.address(rule, OWN | odd))
            assert answer.status_code in {200, 400, 409, 422}, f"{rule.rule} answered {answer.status_code}"


def test_no_search_sum_or_hint_tells_of_it(house: House) -> None:
    for address in [
        "/dags?q=stock", "/runs?q=stock", "/ui/find?q=oka", "/ui/find?q=stock", "/dashboard?by=team",
        "/dashboard?by=owner", "/api/v2/assets/events?asset_id=2", "/api/v2/dags/~/dagRuns?limit=1000",
        "/api/v2/dags/~/dagRuns/~/taskInstances?limit=1000",
        "/api/v2/dags/~/dagRuns/~/taskInstances/~/xcomEntries",
        "/api/v2/dags/~/dagRuns/~/hitlDetails", "/api/dirigent/cost?by=owner&since=7d",
        "/api/dirigent/cost?by=dag&dag_id=stock_sync", "/api/v2/dags?limit=1000", "/api/v2/dagTags",
        "/", "/dags", "/dags/orders_hourly", "/api/v2/dagWarnings", "/api/v2/importErrors",
        "/api/v2/dags/okapy_count", "/dags/okapy_count/runs/r", "/dags/stock_sync/runs/s",
    ]:  # fmt: skip
        answer = house.ask("shop", "GET", address)
        assert answer.status_code in {200, 404}, address
        assert CANARY not in answer.text, address
        assert "stock_sync" not in answer.text or "stock_sync" in address, address


def test_what_a_body_names_is_held_against_rights_too(house: House) -> None:
    made = {"dag_id": "stock_sync", "from_date": "2026-01-01T00:00:00Z", "to_date": "2026-01-02T00:00:00Z"}
    for address in ("/api/v2/backfills", "/api/v2/backfills/dry_run"):
        assert house.ask("shop", "POST", address, json=made).status_code == 404
    entity = {
        "dag_id": "stock_sync",
        "dag_run_id": "r",
        "task_id": "extract",
        "note": "x",
        "new_state": "success",
    }
    for rest, fields in {
        "dagRuns": ("dag_id", "dag_run_id", "note"),
        "dagRuns/~/taskInstances": ("dag_id", "dag_run_id", "task_id", "new_state"),
    }.items():
        action = {"action": "update", "entities": [{name: entity[name] for name in fields}]}
        done = house.ask("shop", "PATCH", f"/api/v2/dags/~/{rest}", json={"actions": [action]}).get_json()
        assert (done["update"]["success"], done["update"]["errors"][0]["status_code"]) == ([], 404)
    changed = {"asset_id": house.foreign["asset_id"], "extra": {}}
    assert house.ask("shop", "POST", "/api/v2/assets/events", json=changed).status_code == 404
    for what in ("change", "make"):
        answer = house.ask("shop", "POST", f"/asset/form?what={what}", data={"name": CANARY})
        assert answer.status_code == 404


def test_who_may_read_variables_connections_and_the_server_reads_no_secret(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    keen = OF_SERVER | {
        Right.VARIABLE_READ,
        Right.VARIABLE_EDIT,
        Right.CONNECTION_READ,
        Right.CONNECTION_EDIT,
    }
    seen = 0
    for rule, method in house.routes():
        if method == "GET" and keen & set(declared(house.app, rule.endpoint) or ()):
            answer = house.ask("Admin", "GET", house.address(rule, OWN | MORE | KEPT))
            assert SECRET not in f"{answer.headers}{answer.text}", rule.rule
            seen += answer.status_code == 200
    assert seen > 20
    assert SECRET not in caplog.text


def test_nothing_that_is_read_of_a_run_tells_the_secrets_it_was_given(house: House) -> None:
    asked = {"run": FAILED_RUN_ID, "like": FAILED_RUN_ID, "task": "extract"}
    read = 0
    for rule, method in house.routes():
        if method == "GET":
            address = house.address(rule, house.own)
            answer = house.ask("Admin", "GET", address, query_string=asked, headers={"X-Fragment": "live"})
            assert SECRET not in f"{answer.headers}{answer.text}", rule.rule
            read += answer.status_code == 200
    assert read > 60


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("variables", {"key": "", "value": SECRET}),
        ("variables", {"key": "new_token", "value": SECRET}),
        ("variables", {"key": "new_token", "valeu": SECRET}),
        ("connections", {"connection_id": "new", "conn_type": "http", "password": [SECRET]}),
        ("connections", {"connection_id": "new", "conn_type": "http", "extra": "{" + SECRET}),
        ("connections", {"connection_id": "new", "conn_type": "http", "port": SECRET, "password": SECRET}),
        ("connections", {"connection_id": "new", "conn_type": "http", "password": SECRET}),
    ],
)
def test_what_a_write_or_its_refusal_answers_tells_no_secret(house: House, kind: str, body: Any) -> None:
    answers = [
        house.ask("Admin", "POST", f"/api/v2/{kind}", json=body),
        house.ask("Admin", "PATCH", f"/api/v2/{kind}/new", json=body),
        house.ask(
            "Admin", "PATCH", f"/api/v2/{kind}", json={"actions": [{"action": "create", "entities": [body]}]}
        ),
        house.ask(
            "Admin", "POST", f"/api/v2/{kind}", data=json.dumps(body)[:-1], content_type="application/json"
        ),
    ]
    assert not [answer.text for answer in answers if SECRET in answer.text]


def test_who_was_granted_a_team_reads_what_it_owns_as_an_admin_does(house: House) -> None:
    owned = {"variable_key", "connection_id", "pool_name", "asset_id", "artifact_id", "backfill_id"}
    for rule, method in house.routes():
        if method == "GET" and owned & rule.arguments:
            address = house.address(rule, house.own)
            shop, admin = (house.ask(name, "GET", address).status_code for name in ("shop", "Admin"))
            assert shop == admin, address


def test_no_page_of_its_own_stands_where_a_dag_or_a_run_has_its_page(house: House) -> None:
    pages = [each for each in house.app.url_map.iter_rules() if not each.rule.startswith("/api/")]
    taken = [
        (one.rule, other.rule)
        for one in pages
        for other in pages
        if one.rule != other.rule and _methods(one) & _methods(other) and _hides(one, other)
    ]
    assert taken == [], "a DAG of that name could not be seen"


def _methods(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def _hides(rule: Rule, other: Rule) -> bool:
    """Whether an address of a rule would be one of the other, with a name in place of what is fixed."""
    parts = list(zip(rule.rule.split("/"), other.rule.split("/"), strict=False))
    if rule.rule.count("/") != other.rule.count("/"):
        return False
    return all(mine == theirs or theirs.startswith("<") for mine, theirs in parts) and any(
        theirs.startswith("<") and not mine.startswith("<") for mine, theirs in parts
    )
