"""The pages about the server: variables, connections, pools, workers, settings, deploys."""

from __future__ import annotations

import io
import json
import os

import pytest
import sqlalchemy as sa
from flask import Flask

from scheduler.runtime.supervisor.connection_trials import ConnectionTrials
from scheduler.security.encryption import FernetCipher
from scheduler.store import Database, tables
from scheduler.store.connections import Connection, get_connection
from scheduler.store.views.audit import list_record
from tests.webui.conftest import HERE, SECRET_KEY, Browser, StillClock, build, sign_in
from webui.context import ShownSetting

SECRET = "hunter2hunter2"


@pytest.fixture
def app(db: Database, clock: StillClock) -> Flask:
    settings = {
        "port": ShownSetting(
            8080, "DIRIGENT_PORT", "Port of the page; see [<its> host](host.md), `or` <not>."
        )
    }
    return build(db, clock, settings=settings)


def test_each_is_in_the_menu_of_all_of_them_and_in_the_palette(person: Browser) -> None:
    for name in ("variables", "connections", "pools", "workers", "settings", "deploys"):
        text = person.get(f"/{name}").text
        for other in ("/variables", "/connections", "/pools", "/workers", "/deploys", "/settings"):
            assert f'href="{other}"' in text, f"{name} leads not to {other}"
    found = person.get("/ui/find?q=pool").get_json()["found"]
    assert {"title": "Pools", "sub": "page", "href": "/pools"} in found


def test_a_variable_is_made_changed_without_its_secret_and_deleted(person: Browser) -> None:
    made = {"key": "shop", "value": json.dumps({"api_key": SECRET, "n": 1}), "is_new": "true"}
    assert person.post("/variables/form", **made).status_code == 303
    for address in ("/variables", "/variables/form?key=shop", "/variables/export"):
        assert SECRET not in person.get(address).text
    assert person.post("/variables/form", **made).status_code == 400
    changed = {"key": "shop", "value": '{"api_key": "***", "n": 2}', "description": "ours"}
    person.post("/variables/form", **changed)
    assert "ours" in person.get("/variables?q=sho").text
    assert person.get("/variables/form?key=shop").text.count("***") >= 1
    person.post("/variables/delete", key="shop")
    assert "There is no variable" in person.get("/variables").text


def test_variables_are_taken_in_and_out_as_json(person: Browser) -> None:
    text = json.dumps({"currency": "EUR", "limits": {"day": 7}})
    data = {"csrf_token": person.token(), "file": (io.BytesIO(text.encode()), "variables.json")}
    answer = person.client.post("/variables/import", data=data, base_url=HERE)
    assert answer.status_code == 303
    assert json.loads(person.get("/variables/export").text) == {"currency": "EUR", "limits": '{"day": 7}'}
    person.post("/variables/import", text='{"currency": "USD"}')
    assert "EUR" in person.get("/variables").text
    person.post("/variables/import", text='{"currency": "USD"}', overwrite="true")
    assert "USD" in person.get("/variables").text
    assert person.post("/variables/import", text="[").status_code == 400


def test_a_connection_keeps_its_password_when_it_is_changed(person: Browser) -> None:
    made = {"conn_id": "db", "conn_type": "postgres", "host": "h", "port": "5432", "password": SECRET}
    assert person.post("/connections/form", **made, is_new="true").status_code == 303
    form = person.get("/connections/form?conn_id=db").text
    assert SECRET not in form
    assert "Database" in form
    person.post("/connections/form", **made | {"password": "***", "host": "other"})
    shown = person.get("/connections").text
    assert "other:5432" in shown
    assert "password" in shown
    wrong = person.post("/connections/form", **made | {"port": "many"})
    assert wrong.status_code == 400
    assert SECRET not in wrong.text
    unchanged = person.post("/connections/form", **made | {"password": "***", "port": "many"})
    assert 'value="***"' in unchanged.text
    person.post("/connections/delete", conn_id="db")
    assert "There is no connection" in person.get("/connections").text


def test_a_connection_is_tried_out_with_its_stored_password_where_that_is_on(
    db: Database, clock: StillClock
) -> None:
    app = build(db, clock, trials=ConnectionTrials(os.environ))
    person = sign_in(app, db, clock.now())
    there = {"conn_id": "new", "conn_type": "sqlite", "host": str(db.url.database), "is_new": "true"}
    works = person.post("/connections/test", **there)
    assert (works.status_code, "It works." in works.text) == (200, True)
    stored = {"conn_id": "db", "conn_type": "postgres", "host": "h", "password": SECRET}
    person.post("/connections/form", **stored, is_new="true")
    assert "/connections/test" in person.get("/connections/form?conn_id=db").text
    fails = person.post("/connections/test", **stored | {"password": "***", "conn_type": f"{SECRET}_db"})
    assert "It does not work." in fails.text
    assert "type &#39;***_db&#39; is installed" in fails.text
    assert 'name="password" autocomplete="new-password" value="***"' in fails.text
    with db.read() as session:
        kept = get_connection(session, FernetCipher(SECRET_KEY), "db")
    assert kept == Connection(conn_id="db", conn_type="postgres", host="h", password=SECRET)
    refused = person.post("/connections/test", **there, port="many")
    assert (refused.status_code, "is no number" in refused.text) == (400, True)
    with db.read() as session:
        found = [row.reason for row in list_record(session, 50) if row.kind == "connection.tested"]
    assert found == ["db: does not work", "new: works"]


def test_nothing_is_tried_out_where_that_is_off(person: Browser) -> None:
    assert "/connections/test" not in person.get("/connections/form").text
    answer = person.post("/connections/test", conn_id="db", conn_type="sqlite")
    assert (answer.status_code, "DIRIGENT_CONNECTION_TEST is off" in answer.text) == (403, True)


def test_pools_show_what_takes_their_slots_and_who_is_next(db: Database, person: Browser) -> None:
    with db.write() as session:
        waits = sa.update(tables.task_instance).where(tables.task_instance.c.state == "running")
        session.execute(waits.values(state="scheduled", pool="gpu"))
    text = person.get("/pools").text
    assert "There is no pool gpu" in text
    assert person.post("/pools/form", name="gpu", slots="3", is_new="true").status_code == 303
    assert "of 3" in person.get("/pools").text
    assert person.post("/pools/form", name="gpu", slots="-1").status_code == 400
    assert person.post("/pools/delete", name="default_pool").status_code == 409
    person.post("/pools/delete", name="gpu")


def test_settings_say_where_they_were_set(person: Browser) -> None:
    text = person.get("/settings").text
    assert "DIRIGENT_PORT" in text
    assert "Port of the page; see &lt;its&gt; host, <code>or</code> &lt;not&gt;." in text


def test_workers_and_deploys_are_shown(person: Browser) -> None:
    assert "works" in person.get("/workers").text
    deploys = person.get("/deploys").text
    assert "the first that is known" in deploys
    assert "orders_hourly" in deploys
