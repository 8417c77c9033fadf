"""Many attempts at once, what they ask, how preloaders come and go, and what is left at the end."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import psutil
import pytest

from scheduler.errors import NotFound
from scheduler.logs.segments import segments
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor import Limits
from scheduler.wire import Job
from tests.runtime.conftest import CLOCK, RUN, Crew
from tests.runtime.processes import is_zombie, open_fds, wait_until


def newest_child() -> psutil.Process:
    """Return the base process of the supervisor that was started last."""
    return max(psutil.Process().children(), key=lambda process: process.create_time())


def test_two_hundred_attempts_in_parallel_have_one_outcome_each_and_leave_nothing_open(
    make_crew: Callable[..., Crew],
) -> None:
    before = open_fds()
    crew = make_crew()
    crew.write("def task(): print('here')")
    launched = [crew.launch() for _ in range(200)]
    outcomes = [crew.outcome() for _ in launched]
    assert Counter(outcome.attempt_id for outcome in outcomes) == Counter(launched)
    assert {outcome.state for outcome in outcomes} == {"success"}
    assert all(crew.printed(attempt_id) == ["here"] for attempt_id in launched)
    assert crew.supervisor.live == frozenset()
    children = [newest_child(), *newest_child().children(recursive=True)]
    assert not any(is_zombie(process) for process in children)
    crew.supervisor.close()
    assert crew.outcomes.empty()
    assert open_fds() <= before
    wait_until(lambda: not any(process.is_running() for process in children))


def test_no_attempt_that_ended_is_said_to_linger(
    make_crew: Callable[..., Crew], caplog: pytest.LogCaptureFixture
) -> None:
    crew = make_crew(Limits(exit_grace_s=1.0))
    crew.write("def task(): pass")
    launched = [crew.launch() for _ in range(60)]
    assert [crew.outcome().state for _ in launched] == ["success"] * 60
    crew.write("import time\ndef task(): time.sleep(1.2)", file="later.py")
    crew.run(file="later.py")
    assert "did not end" not in caplog.text


def test_an_attempt_that_is_claimed_again_has_an_outcome_for_each_epoch(crew: Crew) -> None:
    crew.write("import time\ndef task(): print('up', flush=True); time.sleep(1000)", file="old.py")
    crew.write("def task(): return 'again'")
    attempt_id = crew.launch(file="old.py")
    wait_until(lambda: crew.printed() == ["up"])
    crew.supervisor.stop(attempt_id, "its lease was lost")
    crew.launch(attempt_id=attempt_id, epoch=2)
    outcomes = {outcome.epoch: outcome for outcome in (crew.outcome(), crew.outcome())}
    assert outcomes[1].state == "cancelled"
    assert outcomes[2].xcoms == {"return_value": "again"}


def test_attempts_ask_and_are_answered(make_crew: Callable[..., Crew]) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def answer(job: Job | None, verb: str, args: dict[str, Any]) -> Any:
        asked.append((verb, args))
        if verb == "get_variable" and args["key"] != "region":
            raise NotFound("variable", args["key"])
        return "north" if verb == "get_variable" else None

    outcome = make_crew(answer=answer).run_code(
        """
        from scheduler import Variable, get_current_context, publish_artifact
        from scheduler.errors import NotFound
        def task():
            get_current_context()["ti"].xcom_push("seen", [1, 2])
            publish_artifact("report", b"<p>fine</p>", "text/html")
            try:
                Variable.get("colour")
            except NotFound as error:
                return [Variable.get("region"), str(error), error.name]
        """
    )
    assert outcome.xcoms["return_value"] == ["north", "There is no variable 'colour'.", "colour"]
    verbs = [verb for verb, _ in asked]
    assert verbs == ["set_xcom", "publish_artifact", "get_variable", "get_variable"]


def test_what_a_short_attempt_rendered_comes_with_its_outcome(make_crew: Callable[..., Crew]) -> None:
    asked = []
    crew = make_crew(Limits(rendered_in_s=60), answer=lambda _job, verb, _args: asked.append(verb))
    assert crew.run_code("def task(): pass").rendered == {"templates_dict": {"run": "manual__1"}}
    assert asked == []


def test_an_outcome_waits_for_what_the_task_had_asked_before(
    make_crew: Callable[..., Crew], tmp_path: Path
) -> None:
    answered = []
    asked, gate = threading.Event(), threading.Event()

    def answer(_job: Job | None, verb: str, _args: dict[str, Any]) -> None:
        asked.set()
        gate.wait(10)
        answered.append(verb)

    crew = make_crew(Limits(rendered_in_s=0), answer=answer)
    go_on = tmp_path / "go on"
    os.mkfifo(go_on)
    crew.write(f"def task(): print(open({str(go_on)!r}).read())")
    crew.launch()
    assert asked.wait(30)  # what a longer attempt rendered is written while it runs
    go_on.write_text("ran")
    wait_until(lambda: crew.printed() == ["ran"])
    assert crew.outcomes.empty()
    gate.set()
    outcome = crew.outcome()
    assert outcome.state == "success"
    assert outcome.rendered is None
    assert answered == ["set_rendered"]


def test_a_failure_of_the_server_to_answer_reaches_the_task_as_an_error(
    make_crew: Callable[..., Crew],
) -> None:
    def answer(_job: Job | None, verb: str, _args: dict[str, Any]) -> None:
        if verb == "get_variable":
            raise RuntimeError("postgresql://user:password@host")

    outcome = make_crew(answer=answer).run_code(
        "from scheduler import Variable\ndef task(): Variable.get('region')"
    )
    assert outcome.error is not None
    assert outcome.error.message == "The supervisor could not answer get_variable: RuntimeError."


def test_secrets_that_a_task_was_given_are_masked_in_its_log_and_in_its_error(
    make_crew: Callable[..., Crew],
) -> None:
    crew = make_crew(
        answer=lambda _job, verb, _args: {"password": "hunter22"} if verb == "get_connection" else None
    )
    outcome = crew.run_code(
        """
        import sys, time
        from scheduler import Connection
        def task():
            password = Connection.get("db").password
            print("before", password, "after")
            sys.stdout.write(password[:4]); sys.stdout.flush()
            sys.stdout.write(password[4:] + "\\n"); sys.stdout.flush()
            raise ValueError(f"cannot sign in with {password}")
        """
    )
    assert crew.printed() == ["before *** after", "***"]
    assert "hunter22" not in crew.log_file().read_text()
    assert "hunter22" not in str(outcome)
    assert outcome.reason.startswith("ValueError: cannot sign in with ***")


def test_people_see_no_secret_in_what_a_task_hands_on_and_says_of_assets(
    make_crew: Callable[..., Crew],
) -> None:
    asked: list[dict[str, Any]] = []

    def answer(_job: object, verb: str, args: dict[str, Any]) -> object:
        asked.append(args)
        return {"password": "hunter22"} if verb == "get_connection" else None

    crew = make_crew(answer=answer)
    (crew.code_root / "assets.py").write_text(
        dedent(
            """
            from scheduler import DAG, Asset, AssetAlias, Connection, task as declare
            with DAG("d"):
                @declare(outlets=[Asset("hunter22"), AssetAlias("any")])
                def task(outlet_events, ti, task_state_store, asset_state_store):
                    password = Connection.get("db").password
                    ti.xcom_push("early", [password])
                    task_state_store.set("login", {"as": password, "page_token": "p-7"})
                    asset_state_store["orders"].set("pin", 20261122)
                    asset_state_store["orders"].set("page_token", "p-8")
                    outlet_events["hunter22"].extra["login"] = password
                    outlet_events[AssetAlias("any")].add(Asset("new", extra={"key": password}))
                    return {"word": password, "rows": 2}
                task()
            """
        )
    )
    outcome = crew.run(file="assets.py")
    assert outcome.xcoms == {"return_value": {"word": "hunter22", "rows": 2}}
    assert outcome.shown_xcoms == {"return_value": '{"word":"***","rows":2}'}
    assert outcome.assets is not None
    assert outcome.assets[0] == {"of": ["name", "hunter22"], "extra": {"login": "***"}}
    assert outcome.assets[1]["asset"]["extra"] == {"key": "***"}
    assert {"key": "early", "value": ["hunter22"], "shown": '["***"]'} in asked
    kept = {each["key"]: each["shown"] for each in asked if "retention" in each}
    assert kept == {"login": '{"as":"***","page_token":"p-7"}', "pin": None, "page_token": None}


def test_secrets_of_a_conf_are_masked_by_the_schemas_of_params_and_by_names(
    make_crew: Callable[..., Crew],
) -> None:
    crew = make_crew()
    given = {"pin": "9876-5432", "limit": "plain-text", "db": {"password": "hunter22"}, "token_mode": "daily"}
    outcome = crew.run_code(
        """
        def task(params=None, templates_dict=None):
            print(params["pin"], params["limit"], params["db"]["password"], "daily")
            return dict(params)
        """,
        run=replace(RUN, conf={"db": given["db"]}, params=given),
        secret_params=("pin",),
        choice_params=("token_mode",),
    )
    assert crew.printed() == ["*** plain-text *** daily"]
    assert outcome.shown_xcoms == {
        "return_value": '{"pin":"***","limit":"plain-text","db":{"password":"***"},"token_mode":"daily"}'
    }


def test_a_task_that_waits_goes_on_with_the_secrets_of_its_wait_hidden(
    make_crew: Callable[..., Crew],
) -> None:
    secret = "long-secret-" * 20
    crew = make_crew(answer=lambda _job, verb, _args: secret if verb == "get_variable" else None)
    (crew.code_root / "waits.py").write_text(
        dedent(
            """
            from scheduler import DAG, BaseOperator, Variable
            from scheduler.triggers.file import FileTrigger
            class Waits(BaseOperator):
                def execute(self, context):
                    path = Variable.get("api_token")
                    self.defer(trigger=FileTrigger(filepath=path), method_name="go_on", kwargs={"was": path})
                def go_on(self, context, event, was):
                    print("waited for", was)
                    return event
            with DAG("d"):
                Waits(task_id="task")
            """
        )
    )
    begun = crew.run(file="waits.py")
    assert begun.deferral is not None, begun.reason
    assert begun.reason.startswith("waits for FileTrigger(filepath=***")
    assert begun.secrets == (secret,)
    resume = {
        "kind": "event",
        "method": begun.deferral.method,
        "kwargs": begun.deferral.next_kwargs,
        "event": f"read {secret}",
        "waited": "waited",
        "since": "then",
        "said": [],
        "secrets": list(begun.secrets),
    }
    ended = crew.run(file="waits.py", resume=resume)
    assert ended.xcoms == {"return_value": f"read {secret}"}
    assert ended.shown_xcoms == {"return_value": '"read ***"'}
    assert crew.printed() == ["waited for ***"]


def test_a_file_that_cannot_be_imported_fails_its_attempts_with_the_error_and_what_it_printed(
    crew: Crew,
) -> None:
    crew.write("print('reading rates')\nimport no_such_module\n")
    for _ in range(2):
        outcome = crew.run()
        assert outcome.error is not None
        assert outcome.error.type == "ModuleNotFoundError"
        assert outcome.reason.startswith("tasks.py could not be imported: ModuleNotFoundError")
        texts = crew.texts()
        assert "reading rates" in texts
        assert any("import no_such_module" in text for text in texts)


def test_a_corrected_file_runs(crew: Crew) -> None:
    assert crew.run_code("import no_such_module\n").state == "failed"
    assert crew.run_code("def task(): pass").state == "success"


def test_an_import_that_hangs_is_given_up(make_crew: Callable[..., Crew]) -> None:
    outcome = make_crew(Limits(import_s=0.5)).run_code("import time; time.sleep(1000)")
    assert outcome.reason == "its preloader took longer than 0.5 s to import tasks.py"


def test_an_import_that_leaves_its_process_fails_the_attempt(crew: Crew) -> None:
    outcome = crew.run_code("import os; os._exit(9)")
    assert outcome.reason == "its preloader exited with code 9"


def test_a_file_is_imported_once_for_many_attempts(crew: Crew) -> None:
    crew.write("import os\nIMPORTED_BY = os.getpid()\ndef task(): return IMPORTED_BY")
    assert len({crew.run().xcoms["return_value"] for _ in range(5)}) == 1


def test_a_file_whose_import_starts_threads_gets_a_fresh_interpreter_each_time_and_the_log_says_so(
    crew: Crew,
) -> None:
    crew.write(
        """
        import os, threading
        IMPORTED_BY = os.getpid()
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        def task():
            print("hello")
            return [IMPORTED_BY, os.getpid(), os.getsid(0)]
        """
    )
    for _ in range(2):
        imported_by, pid, session = crew.run().xcoms["return_value"]
        assert imported_by == pid == session
        assert crew.printed() == ["hello"]
        words = "In a fresh interpreter, which starts slower: its import leaves 2 threads running."
        assert words in crew.texts()


def test_warming_imports_before_the_first_attempt(crew: Crew) -> None:
    marker = crew.code_root / "imported"
    crew.write(f"open({str(marker)!r}, 'a').write('x')\ndef task(): pass")
    crew.supervisor.warm(str(crew.code_root), "tasks.py")
    wait_until(marker.exists)
    assert crew.run().state == "success"
    assert marker.read_text() == "x"


def test_no_more_preloaders_stay_than_the_limit_allows(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(Limits(preloaders=2))
    for number in range(5):
        crew.write("import os\ndef task(): return os.getppid()", file=f"file{number}.py")
        crew.launch(file=f"file{number}.py")
        crew.outcome()
    base = newest_child()
    wait_until(lambda: len(base.children()) == 2)


def test_idle_preloaders_are_ended(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(Limits(preloader_idle_s=0.1, sweep_s=0.1))
    pid = crew.run_code("import os\ndef task(): return os.getppid()").xcoms["return_value"]
    wait_until(lambda: not psutil.pid_exists(pid))
    assert crew.run().xcoms["return_value"] != pid


def test_preloaders_that_take_too_much_memory_are_ended_when_idle(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(Limits(preloader_memory_bytes=60_000_000, sweep_s=0.1))
    pid = crew.run_code("import os\nHELD = b'x' * 100_000_000\ndef task(): return os.getppid()").xcoms[
        "return_value"
    ]
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_task_that_prints_without_end_slows_nobody_and_fills_nothing(
    make_crew: Callable[..., Crew],
) -> None:
    crew = make_crew(Limits(stop_grace_s=0.2))
    crew.write("while True: print('y' * 100)", file="unused.py")
    crew.write("import sys\ndef task():\n    while True: sys.stdout.write('y\\n' * 1000)", file="loud.py")
    crew.write("def task(): return 1", file="quiet.py")
    loud = crew.launch(file="loud.py")
    wait_until(lambda: len(segments(crew.log_file(loud))) > 3)
    assert [crew.run(file="quiet.py").state for _ in range(5)] == ["success"] * 5
    crew.supervisor.stop(loud, "enough")
    assert crew.outcome().state == "cancelled"
    assert crew.log_size(loud) <= 1_000_000


def test_locks_held_by_threads_of_the_server_at_a_launch_do_not_hang_the_attempt(crew: Crew) -> None:
    held = threading.Lock()
    crew.write("import logging\ndef task(): logging.getLogger('x').warning('free')")
    with held:
        assert [crew.run().state for _ in range(20)] == ["success"] * 20


def test_a_log_that_cannot_be_written_does_not_stop_its_task(crew: Crew) -> None:
    crew.write("def task(): print('unheard'); return 1")
    log = LogSink(crew.code_root / "tasks.py" / "no-folder.log", CLOCK)
    assert crew.run(log=log).state == "success"
    assert log.error_count > 0
    assert "tasks.py" in log.error_reason


def test_without_a_base_process_attempts_fail_in_words(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(base_command=("/no/such/interpreter",))
    assert crew.run_code("def task(): pass").reason == "could not be started: No such file or directory"
