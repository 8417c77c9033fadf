"""`dirigent import airflow`: from files that Airflow exported, and from a server with the shape of its API."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scheduler.core.timetables import Due
from scheduler.parsing.register import Policy
from scheduler.store.dags import find_dag
from scheduler.store.engine import Database
from scheduler.store.origins import load_origins
from scheduler.wire import ScheduleSpec
from tests.store.specs import add_dag, spec

SECRET = "hunter-two-two"
VARIABLES = {"colour": "green", "limits": {"a": 1}, "count": 5, "noted": {"value": "x", "description": "why"}}
CONNECTIONS = {
    "shop": {
        "conn_type": "postgres", "description": None, "login": "me", "password": SECRET, "host": "Db.example",
        "port": 5432, "schema": "shop", "extra": '{"sslmode": "require"}',
    },
    "web": f"http://me:{SECRET}@api.example:80",
}  # fmt: skip
POOLS = {"etl": {"slots": 4, "description": "the warehouse", "include_deferred": True}, "wide": {"slots": -1}}
DAGS = [
    {"dag_id": "daily", "is_paused": "True", "next_dagrun_logical_date": "2026-11-20T06:00:00+00:00",
     "next_dagrun_data_interval_start": "2026-11-20T06:00:00+00:00",
     "next_dagrun_data_interval_end": "2026-11-21T06:00:00+00:00",
     "next_dagrun_run_after": "2026-11-21T06:00:00+00:00"},
    {"dag_id": "live", "is_paused": False},
]  # fmt: skip
RUNS = [
    {"dag_id": "live", "run_id": "scheduled__2026-11-19T06:00:00+00:00", "run_after": "2026-11-19T06:00:00+00:00",
     "logical_date": "2026-11-19T06:00:00+00:00"},
    {"dag_id": "live", "run_id": "manual__2026-11-20T11:00:00+00:00", "run_after": "2026-11-20T11:00:00+00:00",
     "logical_date": "2026-11-20T11:00:00+00:00"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def tables(dirigent):
    dirigent("db", "upgrade")


@pytest.fixture
def exported(project):
    """Files as Airflow exports them, as options."""

    def write(**kinds):
        words = []
        for kind, data in kinds.items():
            path = project / f"{kind}.json"
            path.write_text(data if isinstance(data, str) else json.dumps(data))
            words += [f"--{kind}", str(path)]
        return words

    return write


@pytest.fixture
def db(project):
    database = Database(f"sqlite:///{project / '.dirigent' / 'dirigent.db'}")
    yield database
    database.close()


def actions(said):
    return {(row["kind"], row["name"]): row["action"] for row in said.json}


def imported(dirigent, *words):
    said = dirigent("import", "airflow", *words, "-o", "json")
    assert SECRET not in said.out + said.err
    return said


def test_exports_are_taken_once_and_change_nothing_the_second_time(dirigent, exported):
    words = exported(variables=VARIABLES, connections=CONNECTIONS, pools=POOLS)
    said = imported(dirigent, *words)
    assert (said.code, set(actions(said).values())) == (0, {"create"})
    assert "8 create" in said.err

    assert dirigent("variables", "get", "limits").out == '{"a": 1}\n'
    assert dirigent("variables", "get", "count").out == "5\n"
    noted = dirigent("variables", "get", "noted", "-o", "json").json
    assert (noted["value"], noted["description"]) == ("x", "why")
    shop = dirigent("connections", "get", "shop", "--show-secrets", "-o", "json").json
    assert (shop["host"], shop["port"], shop["password"]) == ("Db.example", 5432, SECRET)
    assert dirigent("connections", "get", "web", "--show-secrets", "-o", "json").json["password"] == SECRET
    pools = {row["name"]: row for row in dirigent("pools", "list", "-o", "json").json}
    assert (pools["etl"]["slots"], pools["etl"]["include_deferred"], pools["wide"]["slots"]) == (
        4,
        True,
        100_000,
    )

    again = imported(dirigent, *words)
    assert (again.code, set(actions(again).values())) == (0, {"unchanged"})


def test_entries_that_no_database_could_keep_are_left_out_each_by_itself(dirigent, exported):
    half, nul = "\ud800", "\0"
    words = exported(
        variables={"good": f"a{nul}b", "bad": half, half: "x", "noted": {"value": "x", "description": nul}},
        connections={
            "web": {"conn_type": "http", "login": half},
            "ftp": {"conn_type": "ftp", "password": half},
        },
        pools={"huge": {"slots": 10**30}, "noted": {"slots": 1, "description": nul}, "good": {"slots": 1}},
        dags=[
            {"dag_id": "late", "next_dagrun_run_after": "9999-12-31T23:59:59-12:00"},
            {"dag_id": "early", "next_dagrun_run_after": "0001-01-01T00:00:00"},
            {"dag_id": "a/b", "is_paused": "True"},
            {"dag_id": "good", "is_paused": "True"},
        ],
    )
    said = imported(dirigent, *words)
    assert said.code == 1
    done = [name for (_, name), action in actions(said).items() if action != "leave out"]
    assert done == ["good", "good", "good"]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(dirigent, exported):
    words = exported(variables=VARIABLES, pools=POOLS, dags=DAGS)
    dry = imported(dirigent, *words, "--dry-run")
    assert "nothing was written" in dry.err
    assert dirigent("variables", "list", "-o", "json").json == []
    assert actions(dry) == actions(imported(dirigent, *words))


def test_what_is_here_and_differs_stays_unless_overwriting_is_asked_for(dirigent, exported):
    dirigent("variables", "set", "colour", "red")
    words = exported(variables={"colour": "green"})
    kept = imported(dirigent, *words)
    assert kept.json == [
        {
            "kind": "variable",
            "name": "colour",
            "action": "keep",
            "detail": "differs here; --overwrite replaces it",
        }
    ]
    assert dirigent("variables", "get", "colour").out == "red\n"
    assert actions(imported(dirigent, *words, "--overwrite")) == {("variable", "colour"): "replace"}
    assert dirigent("variables", "get", "colour").out == "green\n"


def test_an_entry_that_cannot_be_taken_is_named_and_the_others_are_taken(dirigent, exported):
    broken = {
        "port": {"conn_type": "http", "port": "many"},
        "typeless": {"host": "x"},
        "odd": {"conn_type": "x", "pasword": SECRET},
        "uri": f"{SECRET}://[",
        "list": [SECRET],
        "good": "http://x",
    }
    said = imported(
        dirigent, *exported(connections=broken, pools={"p": {"slots": "few"}}, variables={" ": "x"})
    )
    left_out = {name for (_, name), action in actions(said).items() if action == "leave out"}
    assert (said.code, left_out) == (1, {"port", "typeless", "odd", "uri", "list", "p", " "})
    details = {row["name"]: row["detail"] for row in said.json}
    assert details["port"] == "The port of connection 'port' is not a number."
    assert details["odd"].startswith("Connection 'odd' has no field 'pasword'")
    assert dirigent("connections", "get", "good", "-o", "json").json["conn_type"] == "http"


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        ("variables", "[1]", "holds no object of names and values"),
        ("connections", f"shop={SECRET}", "is not JSON (line 1)"),
        ("dags", '[{"is_paused": true}]', "holds no list of objects with a dag_id"),
    ],
)
def test_a_file_of_something_else_is_refused_by_name(dirigent, exported, kind, text, sentence):
    said = dirigent("import", "airflow", *exported(**{kind: text}))
    assert said.code == 1
    assert sentence in said.err
    assert f"{kind}.json" in said.err
    assert SECRET not in said.err


def test_a_date_that_is_none_is_named(dirigent, exported):
    said = imported(dirigent, *exported(dags=[{"dag_id": "a", "next_dagrun_create_after": "soon"}]))
    assert said.json[0]["detail"] == "next_dagrun_create_after is no instant in ISO 8601"


def test_it_needs_something_to_read(dirigent):
    said = dirigent("import", "airflow")
    assert (said.code, "Give --url, or files that Airflow exported." in said.err) == (2, True)


def daily(dag_id, kind, **changes):
    start = datetime(2026, 11, 1, tzinfo=UTC).isoformat()
    schedule = ScheduleSpec(kind=kind, cron="0 6 * * *")
    return spec(dag_id, schedule=schedule, start_date=start, catchup=True, **changes)


def test_catch_up_of_a_dag_that_is_here_starts_after_what_ran_there(dirigent, exported, db):
    db.transact(lambda session: add_dag(session, daily("daily", "cron_interval")))
    db.transact(lambda session: add_dag(session, daily("live", "cron"), is_paused=True))
    words = exported(dags=f"2026 [warning] as it prints\nRun `pip install`\n{json.dumps(DAGS)}\n", runs=RUNS)
    said = imported(dirigent, *words)
    assert actions(said)["schedule", "live"] == "create"
    with db.read() as session:
        interval, trigger = find_dag(session, "daily"), find_dag(session, "live")
    assert (interval.is_paused, interval.next_run_at) == (True, datetime(2026, 11, 21, 6, tzinfo=UTC))
    assert (trigger.is_paused, trigger.next_run_at) == (True, datetime(2026, 11, 20, 6, tzinfo=UTC))
    assert "unpause it once it no longer runs there" in said.out

    assert set(actions(imported(dirigent, *words)).values()) <= {"unchanged", "keep"}
    imported(dirigent, *words, "--activate")
    with db.read() as session:
        assert (find_dag(session, "live").is_paused, find_dag(session, "daily").is_paused) == (False, True)


def test_what_a_schedule_meant_there_is_not_asked_here(dirigent, exported, db):
    unsure = ScheduleSpec(kind="cron", cron="0 6 * * *", meaning="unsure")
    db.transact(lambda session: add_dag(session, spec("daily", schedule=unsure)))
    assert [row["meaning"] for row in dirigent("dags", "schedule-meaning", "-o", "json").json] == (
        ["trigger"] * 3 + ["interval"] * 3
    )
    imported(dirigent, *exported(dags=DAGS))
    assert dirigent("dags", "schedule-meaning", "-o", "json").json == []
    shown = dirigent("dags", "schedule-meaning", "daily", "-o", "json").json
    assert {row["said"] for row in shown} == {"interval"}
    said = dirigent("dags", "schedule-meaning", "daily", "--is", "trigger")
    assert said.out == "The schedule of daily means trigger.\n"
    assert dirigent("dags", "schedule-meaning", "--is", "trigger").code == 2


def test_what_people_paused_or_resumed_here_since_then_stays(dirigent, exported, db):
    db.transact(lambda session: add_dag(session, daily("daily", "cron_interval")))
    imported(dirigent, *exported(dags=DAGS))
    dirigent("dags", "unpause", "daily")
    imported(dirigent, *exported(dags=DAGS))
    with db.read() as session:
        assert not find_dag(session, "daily").is_paused
    imported(dirigent, *exported(dags=DAGS), "--overwrite")
    with db.read() as session:
        assert find_dag(session, "daily").is_paused


def test_a_dag_whose_file_comes_later_arrives_as_it_was_there(dirigent, exported, db):
    imported(dirigent, *exported(dags=DAGS), "--activate")
    with db.read() as session:
        origins = load_origins(session, ["daily", "live", "other"])
    assert {dag_id: each.is_paused for dag_id, each in origins.items()} == {"daily": True, "live": False}
    policy, new = Policy(), spec("live", compat="airflow")
    assert (policy.pauses(new, origins["live"]), policy.pauses(new), policy.pauses(spec(), origins["daily"])) == (
        False, True, True,
    )  # fmt: skip


def test_an_older_stand_does_not_move_a_dag_back(dirigent, exported, db):
    newer = [
        {**RUNS[0], "logical_date": "2026-11-21T06:00:00+00:00", "run_after": "2026-11-21T06:00:00+00:00"}
    ]
    imported(dirigent, *exported(runs=newer))
    assert actions(imported(dirigent, *exported(runs=RUNS))) == {("schedule", "live"): "keep"}
    at = datetime(2026, 11, 21, 6, tzinfo=UTC)
    with db.read() as session:
        assert load_origins(session, ["live"])["live"].last == Due(at, at, at, at)


# --- A live Airflow -----------------------------------------------------------------------------------------

PAGES: dict[str, list[Any]] = {
    "variables": [{"key": "colour", "value": "green", "description": None}, {"key": "token", "value": "***"}],
    "connections": [
        {
            "connection_id": "web",
            "conn_type": "http",
            "host": "x",
            "port": None,
            "password": None,
            "extra": None,
        },
        {"connection_id": "shop", "conn_type": "postgres", "password": "***", "extra": '{"a": 1}'},
    ],
    "pools": [
        {"name": f"pool_{number}", "slots": number, "description": None, "include_deferred": False}
        for number in range(120)
    ],
    "dags": [DAGS[1], {"dag_id": "never", "is_paused": True}],
}


class FakeAirflow(BaseHTTPRequestHandler):
    """Answers as Airflow's API does; it knows one user, and pages of a hundred entries."""

    version = "v2"

    def do_GET(self):
        parts = urlsplit(self.path)
        path, query = parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}
        prefix = f"/api/{self.version}/"
        if path == f"{prefix}version":
            self.answer({"version": "x"})
        elif not path.startswith(prefix):
            self.answer({}, 404)
        elif self.headers["Authorization"] not in ("Bearer t0ken", "Basic bWU6aHVudGVyLXR3by10d28="):
            self.answer({"detail": "no"}, 401)
        else:
            self.answer(self.page(path.removeprefix(prefix), query))

    def page(self, path, query):
        if path.endswith("/dagRuns"):
            runs = [{**run, "dag_run_id": run["run_id"]} for run in reversed(RUNS) if run["dag_id"] in path]
            return {"dag_runs": runs, "total_entries": len(runs)}
        entries, start = PAGES[path], int(query["offset"])
        return {path: entries[start : start + min(100, int(query["limit"]))], "total_entries": len(entries)}

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_right = self.path == "/auth/token" and given == {"username": "me", "password": SECRET}
        self.answer({"access_token": "t0ken"} if is_right else {}, 201 if is_right else 401)

    def answer(self, data, status=200):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Keep quiet."""


class OldAirflow(FakeAirflow):
    version = "v1"


@pytest.fixture
def serving():
    servers = []

    def serve(kind=FakeAirflow):
        server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FakeAirflow, ("--token", "t0ken")),
        (FakeAirflow, ("--user", "me", "--password", SECRET)),
        (OldAirflow, ("--user", "me", "--password", SECRET)),
    ],
    ids=["token", "user", "Airflow 2"],
)
def test_a_live_airflow_is_asked_by_its_api(dirigent, serving, db, kind, words):
    said = imported(dirigent, "--url", serving(kind), *words)
    done = actions(said)
    assert said.code == 1
    assert [name for name, action in done.items() if action == "leave out"] == [
        ("variable", "token"),
        ("connection", "shop"),
    ]
    assert (done["variable", "colour"], done["connection", "web"], done["pool", "pool_119"]) == (
        "create",
    ) * 3
    with db.read() as session:
        origins = load_origins(session, ["live", "never"])
    assert origins["live"].last.logical_date == datetime(2026, 11, 19, 6, tzinfo=UTC)
    assert (origins["never"].is_paused, origins["never"].last) == (True, None)


def test_files_win_over_what_a_live_airflow_hides(dirigent, serving, exported):
    words = ("--url", serving(), "--token", "t0ken", *exported(connections=CONNECTIONS, variables=VARIABLES))
    said = imported(dirigent, *words)
    assert (said.code, actions(said)["connection", "shop"]) == (0, "create")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "refuses to answer (401): give --token"),
        (("--user", "me", "--password", "wrong"), "/auth/token refuses to answer (401)"),
        (("--user", "me"), "Give --user and --password together."),
    ],
)
def test_an_airflow_that_refuses_is_told_in_one_line(dirigent, serving, words, sentence):
    said = dirigent("import", "airflow", "--url", serving(), *words)
    assert said.code in (1, 2)
    assert sentence in said.err


def test_an_address_of_something_else_is_told(dirigent, serving):
    class Other(FakeAirflow):
        version = "v9"

    said = dirigent("import", "airflow", "--url", serving(Other).replace("//", f"//me:{SECRET}@"))
    assert "There is no API of Airflow at" in said.err
    assert SECRET not in said.err
    said = dirigent("import", "airflow", "--url", "http://127.0.0.1:1")
    assert said.err == (
        "dirigent: http://127.0.0.1:1 cannot be asked (ConnectionError): is that Airflow's address, "
        "and can it be reached from here?\n"
    )
