"""Waiters: triggers of deferred tasks in children of a supervisor."""

from __future__ import annotations

import itertools
import os
import queue

import psutil
import pytest

from scheduler.clock import SystemClock
from scheduler.runtime.supervisor import Limits, Supervisor
from scheduler.runtime.supervisor.waiting import Watcher
from scheduler.runtime.waits import Wait, Waited
from scheduler.sdk.xcom import decode, encode
from tests.integration.waiting import eventually
from tests.runtime.conftest import WAIT_S, nothing_known
from tests.runtime.processes import command_of

IDS = itertools.count(1)
TRIGGERS = """
import asyncio, os, time
from scheduler import BaseTrigger, TriggerEvent, Variable


class Trigger(BaseTrigger):
    def __init__(self, word="", seconds=0.0):
        super().__init__()
        self.word, self.seconds = word, seconds

    def serialize(self):
        return f"{__name__}.{type(self).__name__}", {"word": self.word, "seconds": self.seconds}


class Says(Trigger):
    async def run(self):
        print("printed", self.word)
        self.log.info("logged %s", self.word)
        await asyncio.sleep(self.seconds)
        yield TriggerEvent({"word": self.word})

    async def cleanup(self):
        self.log.info("cleaned up")


class Weighs(Trigger):
    async def run(self):
        yield TriggerEvent(len(self.word))


class Lingers(Says):
    async def cleanup(self):
        await asyncio.sleep(0.5)
        self.log.info("lingered")


class Counts(Trigger):
    async def run(self):
        for number in range(3):
            yield TriggerEvent(number)
        if self.word:
            raise ValueError(self.word)


class Reads(Trigger):
    async def run(self):
        yield TriggerEvent(Variable.get(self.word))


class Raises(Trigger):
    async def run(self):
        raise SystemExit(self.word)
        yield


class CancelsAll(Trigger):
    async def run(self):
        for task in asyncio.all_tasks():
            if task.get_name().isdigit():
                task.cancel()
        await asyncio.sleep(1000)
        yield


class Silent(Trigger):
    async def run(self):
        return
        yield


class Exits(Trigger):
    async def run(self):
        os._exit(3)
        yield


class Blocks(Trigger):
    async def run(self):
        time.sleep(1000)
        yield
"""


class Ear:
    """Hears of waits."""

    def __init__(self):
        self.waited: queue.SimpleQueue[Waited] = queue.SimpleQueue()
        self.lines: dict[int, list[str]] = {}

    def ended(self, waits):
        for each in waits:
            self.waited.put(each)

    def said(self, lines):
        for key, texts in lines.items():
            self.lines[key] = [*self.lines.get(key, []), *texts]

    def next(self):
        return self.waited.get(timeout=WAIT_S)


asked: list[list[tuple[object, ...]]] = []


def answer(job, verb, args):
    assert job is None
    if verb == "look_up":
        asked.append(args["asked"])
        return [{"runs": {"r1": "success"}, "tasks": {"r1": {"a": "failed"}}} for _ in args["asked"]]
    return "hunter2-secret" if verb == "get_variable" else nothing_known(job, verb, args)


@pytest.fixture(scope="module")
def ear():
    return Ear()


@pytest.fixture(scope="module")
def watching(ear: Watcher):
    supervisor = Supervisor(
        on_outcome=print,
        answer=answer,
        clock=SystemClock(),
        environ=os.environ,
        limits=Limits(held_s=0.1),
        watcher=ear,
    )
    supervisor.start()
    yield supervisor
    supervisor.close()


@pytest.fixture
def ask(watching, tmp_path):
    """Watch a trigger of a module of a code root of this test."""
    (tmp_path / "own_triggers.py").write_text(TRIGGERS)

    def watch(name, *, is_lasting=False, secrets=(), **kwargs):
        wait = Wait(
            secrets=secrets,
            id=kwargs.pop("id", 0) or next(IDS),
            trigger=name if "." in name else f"own_triggers.{name}",
            kwargs=encode({key: value for key, value in kwargs.items() if key != "timeout_at"}),
            code_root="" if name.startswith("scheduler.") else str(tmp_path),
            timeout_at=kwargs.get("timeout_at"),
            name="task",
            is_lasting=is_lasting or name == "Counts",
        )
        watching.watch([wait])
        return wait.id

    return watch


def test_a_trigger_of_a_dag_folder_fires_and_what_it_says_is_told(ask, ear):
    wait_id = ask("Says", word="hello")
    waited = ear.next()
    assert (waited.id, waited.kind, decode(waited.event)) == (wait_id, "event", {"word": "hello"})
    assert ear.lines[wait_id] == ["printed hello", "INFO: logged hello", "INFO: cleaned up"]


@pytest.mark.parametrize(("word", "end"), [("", "success"), ("no more", "error")])
def test_a_trigger_that_lasts_tells_each_event_and_that_it_is_over(ask, ear, word, end):
    wait_id = ask("Counts", word=word)
    told = [ear.next() for _ in range(4)]
    assert {each.id for each in told} == {wait_id}
    assert [(each.event, each.goes_on) for each in told[:3]] == [(0, True), (1, True), (2, True)]
    assert (told[3].kind, told[3].goes_on, word in told[3].error) == (end, False, True)


def test_a_trigger_of_dirigents_own_fires(ask, ear):
    wait_id = ask("scheduler.triggers.temporal.DateTimeTrigger", target_time="2020-01-01T00:00:00Z")
    assert (ear.next().id, ear.lines.get(wait_id)) == (wait_id, None)


def test_a_trigger_reads_variables_whose_secrets_are_masked(ask, ear):
    ask("Reads", word="api_secret")
    read = ear.next()
    assert decode(read.event) == "hunter2-secret"
    assert read.secrets == ("hunter2-secret",), "its task hides it, too"


def test_what_a_trigger_was_made_of_is_masked_in_what_it_tells(ask, ear):
    wait_id = ask("Says", word="as pa55word", secrets=("pa55word",))
    assert decode(ear.next().event) == {"word": "as pa55word"}
    assert ear.lines[wait_id][:2] == ["printed as ***", "INFO: logged as ***"]
    ask("Raises", word="no pa55word", secrets=("pa55word",))
    assert "no ***" in ear.next().error


def test_what_a_watcher_of_an_asset_tells_people_holds_no_secret(ask, ear):
    ask("Reads", word="api_secret", is_lasting=True)
    told = ear.next()
    assert (decode(told.event), told.goes_on) == ("***", True)
    assert ear.next().kind == "success"


def test_a_wait_ends_when_its_time_is_up(ask, ear):
    ask("Says", seconds=1000, timeout_at="2020-01-01T00:00:00+00:00")
    assert ear.next().kind == "timeout"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Raises", "trigger Raises failed: SystemExit: on purpose"),
        ("Silent", "ended without an event"),
        ("Missing", "holds no 'Missing'"),
        ("no_such_module.Trigger", "No module named 'no_such_module'"),
        ("scheduler.sdk.signals.SkipTask", "none of Dirigent's own triggers"),
    ],
)
def test_a_trigger_that_fails_says_why(ask, ear, name, words):
    ask(name, word="on purpose")
    waited = ear.next()
    assert waited.kind == "error"
    assert words in waited.error


def test_waits_end_whose_triggers_are_cancelled_by_one_of_them(ask, ear):
    wait_ids = {ask("Says", seconds=1000), ask("Says", seconds=1000), ask("CancelsAll")}
    waited = [ear.next() for _ in wait_ids]
    assert {each.id for each in waited} == wait_ids
    assert all("was cancelled by code that runs beside it" in each.error for each in waited)


def test_what_is_watched_no_longer_is_not_heard_of(watching, ask, ear):
    ask_id = ask("Says", seconds=1000)
    watching.unwatch([ask_id])
    other = ask("Says")
    assert ear.next().id == other


@pytest.mark.parametrize("name", ["Exits", "Blocks"])
def test_a_trigger_that_ends_or_blocks_its_waiter_fails_alone(ask, ear, name):
    good = {ask("Says", seconds=1.0, word=word) for word in "abc"}
    bad = ask(name)
    waited = [ear.next() for _ in range(4)]
    assert {each.id for each in waited if each.kind == "event"} == good
    (failed,) = [each for each in waited if each.kind == "error"]
    assert failed.id == bad
    assert f"trigger {name} ended or blocked the waiter" in failed.error


def test_waits_go_on_where_the_base_process_was_killed(watching, ask, ear):
    wait_id = ask("Says", word="told", seconds=2.0)
    eventually(lambda: "printed told" in ear.lines.get(wait_id, []))
    for process in psutil.Process().children():
        if "base" in command_of(process):
            process.kill()
    assert (ear.next().id, ear.lines[wait_id].count("printed told")) == (wait_id, 2)


def test_triggers_that_wait_for_the_same_run_ask_once(ask, ear):
    asked.clear()
    kwargs = {"external_dag_id": "other", "run_ids": ["r1"], "poke_interval": 0.1}
    ids = {ask("scheduler.triggers.external_task.ExternalTaskTrigger", **kwargs) for _ in range(20)}
    waited = [ear.next() for _ in ids]
    assert {each.id for each in waited} == ids
    assert decode(waited[0].event) == {"status": "success"}
    assert 1 <= len(asked) <= 3
    assert sorted({tuple(each) for batch in asked for each in batch}) == [("other", "r1", None, False)]


def test_a_trigger_waits_for_tasks_of_a_run(ask, ear):
    kwargs = {"external_dag_id": "other", "run_ids": ["r1"], "external_task_ids": ["a"]}
    ask("scheduler.triggers.external_task.ExternalTaskTrigger", **kwargs, failed_states=["failed"])
    assert decode(ear.next().event) == {"status": "failed"}


def test_a_trigger_waits_for_the_state_of_runs(ask, ear):
    name = "scheduler.triggers.external_task.DagStateTrigger"
    ask(name, dag_id="other", states=["success"], run_ids=["r1"])
    path, told = decode(ear.next().event)
    assert (path, told["r1"]) == (name, "success")


def test_a_trigger_waits_for_a_file_and_another_deletes_it(ask, ear, tmp_path):
    wanted = tmp_path / "in" / "a.csv"
    waiting = ask("scheduler.triggers.file.FileTrigger", filepath=f"{tmp_path}/in/*.csv", poke_interval=0.05)
    wanted.parent.mkdir()
    wanted.touch()
    assert (ear.next().id, wanted.exists()) == (waiting, True)
    ask("scheduler.triggers.file.FileDeleteTrigger", filepath=str(wanted), poke_interval=0.05)
    assert (decode(ear.next().event), wanted.exists()) == (True, False)


def test_waits_that_are_larger_together_than_a_message_may_be_are_watched(watching, ear, tmp_path):
    (tmp_path / "own_triggers.py").write_text(TRIGGERS)
    large = {"word": "x" * 34_000_000}
    waits = [
        Wait(id=next(IDS), trigger="own_triggers.Weighs", kwargs=large, code_root=str(tmp_path)) for _ in "ab"
    ]
    watching.watch(waits)
    waited = [ear.next(), ear.next()]
    assert {(each.id, each.kind) for each in waited} == {(each.id, "event") for each in waits}


def test_a_wait_that_is_watched_anew_can_be_dropped_though_its_earlier_trigger_ended_late(watching, ask, ear):
    wait_id = ask("Lingers", word="first", seconds=1000)
    eventually(lambda: "printed first" in ear.lines.get(wait_id, []))
    watching.unwatch([wait_id])
    ask("Says", word="second", seconds=1000, id=wait_id)
    eventually(lambda: "INFO: lingered" in ear.lines[wait_id])
    watching.unwatch([wait_id])
    ask("Says", word="third", seconds=1000, id=wait_id)
    eventually(lambda: "INFO: cleaned up" in ear.lines[wait_id])
    watching.unwatch([wait_id])
