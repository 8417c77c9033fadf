"""`dirigent runs` and `dirigent tasks` on runs that the real store, loop and report made."""

import json

import pytest
import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.logs.address import LogAddress
from scheduler.logs.sink import LogSink
from scheduler.store import Database
from scheduler.store.dag_files import FileRecord, ImportFault, save_files
from scheduler.store.dags import get_dag
from scheduler.store.migrate import upgrade
from scheduler.store.tables import dag_run, dag_version
from scheduler.wire import MapSpec, Question
from tests.loop.engine import Engine, spec, task


@pytest.fixture
def engine(project):
    (project / ".dirigent").mkdir()
    database = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    upgrade(database)
    engine = Engine(database, now=SystemClock().now())
    engine.worker()
    engine.define(spec(task("extract"), task("load", "extract"), task("report", "load")))
    yield engine
    database.close()


@pytest.fixture
def failed_run(engine):
    """A run whose second task failed."""
    engine.trigger(run_id="first")
    engine.advance()
    engine.report(*engine.claim())
    engine.advance()
    engine.report(*engine.claim(), state="failed", retryable=False)
    engine.advance()
    return "first"


def states(dirigent, run_id="first"):
    rows = dirigent("tasks", "list", "orders", run_id, "-o", "json").json
    return {row["task_id"]: row["state"] for row in rows}


def test_tasks_are_listed_in_the_order_of_the_graph(dirigent, engine):
    engine.define(spec(task("unpack"), task("load", "unpack"), dag_id="stock"))
    engine.trigger("stock", run_id="first")

    rows = dirigent("tasks", "list", "stock", "first", "-o", "json").json

    assert [row["task_id"] for row in rows] == ["unpack", "load"]


def test_dags_are_listed_triggered_and_paused(dirigent, engine):
    assert [row["dag_id"] for row in dirigent("dags", "list", "-o", "json").json] == ["orders"]
    assert dirigent("dags", "show", "orders", "-o", "json").json["is_paused"] is False

    assert dirigent("dags", "trigger", "orders", "--run-id", "mine").out == "mine\n"
    assert "orders is paused." in dirigent("dags", "pause", "orders").out
    assert "orders is paused already." in dirigent("dags", "pause", "orders").out
    assert "orders is active." in dirigent("dags", "unpause", "orders").out

    again = dirigent("dags", "trigger", "orders", "--run-id", "mine")
    assert (again.code, again.err) == (1, "dirigent: A run 'mine' already exists.\n")


def test_who_triggers_a_dag_whose_file_is_broken_is_told_that_the_last_good_version_runs(dirigent, engine):
    with engine.db.write() as session:
        fault = ImportFault(type="SyntaxError", message="invalid syntax", lineno=7)
        file = get_dag(session, "orders").file
        save_files(
            session, [FileRecord(path=file, fingerprint="f", parsed_at=SystemClock().now(), error=fault)]
        )

    said = dirigent("dags", "trigger", "orders", "--run-id", "mine")

    assert (said.code, said.out) == (0, "mine\n")
    assert said.err.startswith(f"{file} does not load as it is: this run takes the last good version.")


def test_an_idempotency_key_triggers_once(dirigent, engine):
    first = dirigent("dags", "trigger", "orders", "--idempotency-key", "k", "-o", "json").json
    second = dirigent("dags", "trigger", "orders", "--idempotency-key", "k", "-o", "json").json

    assert first["dag_run_id"] == second["dag_run_id"]
    assert (first["is_new"], second["is_new"]) == (True, False)


def test_runs_are_listed_newest_first_and_by_state(dirigent, engine, failed_run):
    conf = json.dumps({"day": "mon", "api_key": "hunter22"})
    dirigent("dags", "trigger", "orders", "--run-id", "second", "--conf", conf)

    rows = dirigent("runs", "list", "orders", "-o", "json").json

    assert rows[0]["conf"] == {"day": "mon", "api_key": "***"}
    assert "hunter22" not in dirigent("runs", "show", "orders", "second").out
    assert [(row["dag_run_id"], row["state"]) for row in rows] == [("second", "queued"), ("first", "failed")]
    assert len(dirigent("runs", "list", "--state", "failed", "-o", "json").json) == 1
    assert dirigent("runs", "list", "another", "-o", "json").err == "dirigent: There is no DAG 'another'.\n"


def test_a_run_is_shown_with_the_names_of_the_api(dirigent, failed_run):
    shown = dirigent("runs", "show", "orders", "first", "-o", "json").json

    assert shown["dag_id"] == "orders"
    assert shown["run_type"] == "manual"
    assert shown["duration"] >= 0
    assert {"logical_date", "data_interval_start", "queued_at", "start_date", "end_date", "conf"} <= set(
        shown
    )


def test_waiting_for_a_run_gives_its_end_as_exit_code(dirigent, engine, failed_run):
    assert dirigent("runs", "wait", "orders", "first").code == 1

    dirigent("runs", "mark", "orders", "first", "success")

    assert dirigent("runs", "wait", "orders", "first").code == 0


@pytest.fixture
def returning(engine):
    """A DAG whose one run has ended, and returned something."""
    engine.define(spec(task("count", returns_dag_result=True), dag_id="till"))
    engine.trigger("till", run_id="first")
    engine.run_to_end(xcoms={"return_value": {"total": 7}})


def test_what_a_run_returned_is_printed(dirigent, returning, failed_run):
    assert dirigent("runs", "result", "till", "first").json == {"total": 7}
    said = dirigent("runs", "result", "orders", failed_run)
    assert (said.code, said.out) == (1, "")
    assert "No task of DAG 'orders' is marked with @result" in said.err


def test_who_triggers_a_run_may_wait_for_what_it_returns(dirigent, engine, returning):
    dirigent("dags", "trigger", "till", "--run-id", "mine", "--idempotency-key", "k")
    engine.run_to_end(xcoms={"return_value": {"total": 8}})

    said = dirigent("dags", "trigger", "till", "--idempotency-key", "k", "--result")
    assert (said.code, said.json) == (0, {"total": 8})
    assert said.err == "mine\nmine: success\n"

    said = dirigent("dags", "trigger", "till", "--idempotency-key", "k", "--wait")
    assert (said.code, said.out, said.err) == (0, "mine\n", "mine: success\n")


def test_waiting_ends_after_its_time(dirigent, engine):
    dirigent("dags", "trigger", "orders", "--run-id", "slow")

    said = dirigent("runs", "wait", "orders", "slow", "--timeout", "0")

    assert (said.code, said.err) == (1, "dirigent: Run 'slow' is still queued after 0 s.\n")


def test_a_run_is_cancelled(dirigent, engine):
    engine.trigger(run_id="first")
    engine.advance()

    assert dirigent("runs", "cancel", "orders", "first").code == 0

    assert dirigent("runs", "show", "orders", "first", "-o", "json").json["state"] == "failed"
    assert dirigent("runs", "cancel", "orders", "first").code == 1


def test_a_note_is_written_replaced_and_taken_away(dirigent, engine):
    engine.trigger(run_id="first")
    for text, kept in [("late data", "late data"), ("see ticket 7", "see ticket 7"), ("", None)]:
        assert dirigent("runs", "note", "orders", "first", text).code == 0
        assert dirigent("runs", "show", "orders", "first", "-o", "json").json["note"] == kept
    assert dirigent("runs", "note", "orders", "second", "x").code == 1


def test_what_failed_is_run_again_and_what_waited_for_it(dirigent, failed_run):
    assert states(dirigent) == {"extract": "success", "load": "failed", "report": "upstream_failed"}
    preview = dirigent("runs", "rerun", "orders", "first", "--dry-run", "-o", "json").json
    assert [row["task_id"] for row in preview["task_instances"]] == ["load", "report"]
    assert states(dirigent)["load"] == "failed"

    assert dirigent("runs", "rerun", "orders", "first", "--failed").code == 0

    assert states(dirigent) == {"extract": "success", "load": "none", "report": "none"}


def test_a_whole_run_is_run_again(dirigent, failed_run):
    dirigent("runs", "rerun", "orders", "first", "--all")

    assert set(states(dirigent).values()) == {"none"}


def test_one_task_is_cleared_alone_or_with_what_follows_it(dirigent, failed_run):
    dirigent("tasks", "clear", "orders", "first", "extract")
    assert states(dirigent) == {"extract": "none", "load": "failed", "report": "upstream_failed"}

    dirigent("tasks", "clear", "orders", "first", "extract", "--downstream")
    assert set(states(dirigent).values()) == {"none"}


def test_the_latest_code_can_be_asked_for(dirigent, engine, failed_run):
    said = dirigent("tasks", "clear", "orders", "first", "load", "--latest-code", "--dry-run")

    assert said.code == 0


def test_a_task_is_marked(dirigent, failed_run):
    said = dirigent("tasks", "mark", "orders", "first", "load", "success")

    assert said.code == 0
    assert states(dirigent)["load"] == "success"


def test_a_task_is_given_the_result_that_it_did_not_make(dirigent, failed_run):
    assert (
        "line 1 column 2"
        in dirigent("tasks", "mark", "orders", "first", "load", "success", "--result", "{").err
    )
    assert dirigent("tasks", "mark", "orders", "first", "load", "failed", "--result", "1").code == 1

    said = dirigent("tasks", "mark", "orders", "first", "load", "success", "--result", '{"rows": 3}')

    assert "judged anew: report" in said.out
    assert states(dirigent)["load"] == "success"


def test_a_run_whose_version_cannot_be_read_does_not_take_the_list_away(dirigent, engine):
    engine.trigger(run_id="first")
    with engine.db.write() as session:
        session.execute(sa.update(dag_run).values(conf={"limit": 3}))
        session.execute(sa.update(dag_version).values(graph='{"wire_version": 99}'))
    [listed] = dirigent("runs", "list", "-o", "json").json
    shown = dirigent("runs", "show", "orders", "first", "-o", "json").json
    assert listed["conf"] == shown["conf"] == {"limit": "***"}


def test_why_a_task_is_not_running_is_said_in_words(dirigent, engine, failed_run):
    said = dirigent("tasks", "why", "orders", "first", "report")
    assert said.out.startswith("It has ended as upstream_failed")

    dirigent("tasks", "clear", "orders", "first", "load", "--downstream")
    reasons = dirigent("tasks", "why", "orders", "first", "report", "-o", "json").json
    assert any("scheduler" in reason for reason in reasons)


@pytest.fixture
def log(project, failed_run):
    """The log of the failed task's attempt, being written."""
    address = LogAddress(dag_id="orders", run_id="first", attempt_id=2, task_id="load")
    sink = LogSink(address.file(project / ".dirigent" / "logs"), SystemClock())
    sink.line("info", "stdout", "loading 3 rows")
    sink.line("error", "stdout", "no such table")
    return sink


def test_the_log_of_the_last_attempt_is_printed(dirigent, log):
    log.close()

    said = dirigent("tasks", "logs", "orders", "first", "load")

    assert said.code == 0
    lines = [line.split(" ", 1)[1] for line in said.out.splitlines()]
    assert lines[:2] == ["loading 3 rows", "no such table"]


def test_following_a_log_ends_with_its_attempt_though_its_last_line_never_came(dirigent, log):
    log.flush()

    said = dirigent("tasks", "logs", "orders", "first", "load", "--follow")

    assert "no such table" in said.out
    assert "This log has no end; the attempt is recorded as failed" in said.out


def test_lines_are_chosen_by_level_and_source_and_printed_as_objects(dirigent, log):
    log.line("warning", "stderr", "\x1b[31mslow\x1b[0m")
    log.line("error", "logging", "failed", logger="shop.prices")
    log.close()

    words = ("tasks", "logs", "orders", "first", "load", "--level", "warning", "-o", "json")
    found = [json.loads(line) for line in dirigent(*words, "--source", "stderr").out.splitlines()]
    assert [(each["event"], each["level"], each["source"]) for each in found] == [
        ("\x1b[31mslow\x1b[0m", "warning", "stderr")
    ]
    assert [
        each["logger"] for each in map(json.loads, dirigent(*words, "--logger", "shop").out.splitlines())
    ] == ["shop.prices"]


def test_a_try_that_was_never_made_is_named(dirigent, log):
    said = dirigent("tasks", "logs", "orders", "first", "load", "--try", "7")

    assert said.code == 1
    assert "There is no attempt" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("runs", "show", "orders", "x"),
        ("runs", "wait", "orders", "x"),
        ("runs", "cancel", "orders", "x"),
        ("runs", "rerun", "orders", "x"),
        ("tasks", "list", "orders", "x"),
        ("tasks", "why", "orders", "x", "load"),
        ("tasks", "logs", "orders", "x", "load"),
        ("tasks", "clear", "orders", "x", "load"),
        ("tasks", "mark", "orders", "x", "load", "success"),
    ],
)
def test_an_unknown_run_is_one_line_and_exit_1(dirigent, engine, words):
    said = dirigent(*words)

    assert said.code == 1
    assert said.err.startswith("dirigent: There is no run ")
    assert said.err.count("\n") == 1


def test_a_dag_is_deleted_after_a_yes(dirigent, engine, failed_run):
    assert dirigent("dags", "delete", "orders").code != 0

    assert "with 1 run." in dirigent("dags", "delete", "orders", "--yes").out
    assert dirigent("dags", "list", "-o", "json").json == []


def test_instances_of_a_mapped_task_are_named_by_their_index(engine, dirigent):
    engine.define(spec(task("each", mapping=MapSpec(factors=(12,))), dag_id="many", wire_version=4))
    engine.trigger("many", run_id="first")
    engine.run_to_end()
    listed = dirigent("tasks", "list", "many", "first", "-o", "json").json
    assert [each["map_index"] for each in listed] == list(range(12))
    (one,) = dirigent("tasks", "list", "many", "first", "--map-index", "3", "-o", "json").json
    assert (one["task_id"], one["path"], one["state"]) == ("each", "3", "success")
    cleared = dirigent("tasks", "clear", "many", "first", "each", "--map-index", "3", "-o", "json").json
    assert [each["path"] for each in cleared["task_instances"]] == ["3"]
    why = dirigent("tasks", "why", "many", "first", "each", "--map-index", "3")
    assert why.code == 0


def test_what_a_task_keeps_is_set_listed_and_deleted(dirigent, failed_run):
    task = ("orders", failed_run, "load")
    said = dirigent("tasks", "state", "set", *task, "page", "4")
    assert (said.code, said.out) == (0, "page of load is set; the task's next attempt finds it.\n")
    dirigent("tasks", "state", "set", *task, "job", "j-1")
    assert dirigent("tasks", "state", "get", *task, "page").out == "4\n"
    rows = dirigent("tasks", "state", "list", *task, "-o", "json").json
    assert [(row["key"], row["value"], row["expires_at"]) for row in rows] == [
        ("job", "j-1", None),
        ("page", 4, None),
    ]
    assert dirigent("tasks", "state", "delete", *task, "page").out == "page of load was deleted.\n"
    assert dirigent("tasks", "state", "delete", *task, "--all").out == "1 keys of load were deleted.\n"
    assert dirigent("tasks", "state", "get", *task, "page").err.strip().endswith("no state key 'page'.")
    assert dirigent("tasks", "state", "delete", *task).code == 2
    assert dirigent("tasks", "state", "set", *task, "page", "null").code == 2


def test_what_a_task_asks_is_listed_and_answered(dirigent, engine):
    asks = {"schema": {"type": "integer"}, "value": 1}
    asked = Question(subject="Ship?", options=("yes", "no"), params={"rows": asks}, method="m")
    engine.trigger(run_id="first")
    engine.advance()
    engine.report(*engine.claim(), state="awaiting_input", question=asked)
    [row] = dirigent("tasks", "questions", "-o", "json").json
    assert (row["subject"], row["task_instance"]["task_id"]) == ("Ship?", "extract")
    assert "Ship?" in dirigent("tasks", "questions").out
    assert "Ship?" in dirigent("tasks", "why", "orders", "first", "extract").out
    task = ("orders", "first", "extract")
    assert "'maybe' is no option" in dirigent("tasks", "answer", *task, "maybe").err
    said = dirigent("tasks", "answer", *task, "yes", "--param", "rows=7")
    assert (said.code, said.out) == (0, "extract was answered: yes.\n")
    assert "cli answered already" in dirigent("tasks", "answer", *task, "no").err
    assert dirigent("tasks", "questions", "-o", "json").json == []
    [row] = dirigent("tasks", "questions", "--all", "-o", "json").json
    assert (row["responded_by_user"]["name"], row["params_input"]) == ("cli", {"rows": 7})


def test_many_runs_are_cleared_and_marked_by_what_they_are(dirigent, engine, failed_run):
    where = ("--dag", "orders", "--state", "failed")
    [row] = dirigent("runs", "clear", *where, "--dry-run", "-o", "json").json
    assert (row["dag_run_id"], row["state"], row["task_count"]) == ("first", "failed", 2)
    assert dirigent("runs", "clear").code == 2
    assert dirigent("runs", "clear", "--dag", "nobody", "-y").code == 1
    assert dirigent("runs", "clear", *where, "--until", "2020-01-01T00:00:00Z", "-y", "-o", "json").json == []
    dirigent("runs", "clear", *where, "-y")
    assert states(dirigent)["load"] == "none"
    done = dirigent("runs", "mark-many", "failed", "--dag", "orders", "-y", "-o", "json")
    assert [(each["state"], each["problem"]) for each in done.json] == [("failed", "")]
    assert dirigent("runs", "mark-many", "failed", "--dag", "orders", "-y", "-o", "json").json == []


def test_a_task_has_values_and_a_note_that_are_written(dirigent, engine, failed_run):
    where = ("orders", failed_run, "load")
    dirigent("tasks", "xcom", "set", *where, "rows", "[1, 2]")
    assert dirigent("tasks", "xcom", "get", *where, "rows").json == [1, 2]
    assert [each["key"] for each in dirigent("tasks", "xcom", "list", *where, "-o", "json").json] == ["rows"]
    dirigent("tasks", "xcom", "delete", *where, "rows")
    assert "none of that key" in dirigent("tasks", "xcom", "get", *where, "rows").err
    assert dirigent("tasks", "note", *where, "seen").out == "load has a note now.\n"
    assert dirigent("tasks", "note", *where, "").out == "load has no note now.\n"
