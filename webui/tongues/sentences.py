"""Sentences that `scheduler` says in English, said again in the reader's language: why a task waits, what was refused.

They are known by their form; one of another form stays as it is. `tests/webui/test_sentences.py` holds that each is
still said there.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from webui.tongues.speaking import gettext, language, marked, spoken

SENTENCES: Final = (
    # Why a task is not running: `operations.explain`, `core.admission`, `core.plan`, `core.trigger_rules`.
    marked("it has ended as %(state)s: %(reason)s"),
    marked("it has ended as %(state)s"),
    marked("no scheduler is running; start one with `dirigent up` or `dirigent scheduler`"),
    marked("its run waits: backfill %(id)s is paused; resume it"),
    marked("its run waits: at most %(count)s runs of backfill %(id)s at once (max_active_runs)"),
    marked("its run waits: DAG %(dag_id)s is paused, which holds scheduled runs; resume it"),
    marked("its run waits: %(why)s (max_active_runs)"),
    marked("%(running)s of at most %(most)s runs of the DAG are running, %(ahead)s queued before it"),
    marked("%(running)s of at most %(most)s runs of the DAG are running"),
    marked("its run is about to start"),
    marked("DAG %(dag_id)s is gone"),
    marked("the task is not part of the code that its run is pinned to"),
    marked("it is about to be planned"),
    marked("it is about to be queued"),
    marked("its earlier attempt is still being stopped"),
    marked("%(count)s tasks of its queue and pool go first"),
    marked("no live worker listens to queue %(queue)s; start one with `dirigent worker --queues %(name)s`"),
    marked("it waits for a worker of queue %(queue)s to take it: %(busy)s of %(slots)s slots are busy"),
    marked("it looks again at %(at)s"),
    marked("it failed and runs again at %(at)s, as try %(number)s of %(most)s"),
    marked("it waits for an answer, without a slot"),
    marked("it waits for an event, without a slot"),
    marked("a worker is about to watch it"),
    marked("its run has %(count)s tasks in progress, its max_active_tasks"),
    marked("no worker of queue %(queue)s has a free slot"),
    marked("it asks for %(slots)s slots of pool %(pool)s, which has only %(limit)s"),
    marked("pool %(pool)s is full: %(free)s of %(limit)s slots free, %(needed)s needed"),
    marked("waits for %(task)s in the run before this one, where it is %(state)s"),
    marked("waits for %(tasks)s in the run before this one"),
    marked("waits for %(tasks)s (%(why)s)"),
    marked("%(done)s of %(total)s done"),
    marked("%(count)s of %(total)s upstream failed: %(tasks)s"),
    marked("%(count)s of %(total)s upstream skipped: %(tasks)s"),
    marked("%(count)s of %(total)s upstream failed"),
    marked("%(count)s of %(total)s upstream skipped"),
    marked("none of %(total)s upstream succeeded"),
    # When alert rules fire, and what they look at: `store.views.alerts`.
    marked("a run fails"),
    marked("%(count)s runs fail within %(span)s"),
    marked("a run takes %(factor)s times %(usual)s of the last %(count)s good runs"),
    marked("the median"),
    marked("what 95 in 100 take at most"),
    marked("no run has started %(limit)s"),
    marked("no run has succeeded %(limit)s"),
    marked("by %(time)s (%(zone)s)"),
    marked("%(span)s after it was due"),
    marked("something waits longer than %(span)s"),
    marked("a worker falls silent"),
    marked("an asset is late or stale"),
    marked("an asset is stale"),
    marked("workers"),
    marked("queues %(names)s"),
    marked("all queues"),
    marked("assets %(names)s"),
    marked("all assets that promise freshness"),
    marked("tag %(name)s"),
    marked("owner %(name)s"),
    marked("all DAGs"),
    # How fresh an asset is promised to be, and what a DAG has to do with it: `core.freshness`, `store.views.assets`.
    marked("no older than %(span)s, warned of after %(warn)s"),
    marked("no older than %(span)s"),
    marked("changed within %(span)s before each instant of %(cron)s (%(zone)s)"),
    marked("runs for each partition of"),
    marked("runs for"),
    marked("reads"),
    marked("makes"),
    # What every new database holds: `store.migrate`.
    marked("where tasks run that name no pool"),
    # What was refused: errors of `scheduler.errors` and `scheduler.operations`.
    marked("A password has %(least)s to %(most)s characters; this one has %(count)s"),
    marked("A token lasts for 1 to %(days)s days, or without end"),
    marked("Param %(name)s must be filled in"),
    marked("Param %(name)s of DAG %(dag_id)s has no default; give it in conf"),
    marked("Pool %(name)s cannot have %(slots)s slots; give 0 to %(most)s"),
    marked("Run %(run_id)s cannot be cancelled: it has ended as %(state)s"),
    marked("Run %(run_id)s is %(state)s already"),
    marked("Task %(task_id)s cannot be marked as %(to)s: it is %(state)s"),
    marked("The range begins in the future: %(start)s"),
    marked("The range ends before it begins: %(start)s to %(end)s"),
    marked("This password is the name itself, or one character again and again"),
    marked("%(what)s is not JSON: %(error)s. Give an object such as {}"),
    marked("%(what)s holds a NUL character or half of one, which cannot be stored"),
)
#: Values that are words themselves.
_WORDS: Final = frozenset({"why", "reason", "state", "to", "usual", "limit"})
#: A longer text is none of these: it holds what somebody sent, or what code of theirs said.
_LONGEST: Final = 1_000


def sentence(text: str) -> str:
    """Return a sentence in the language of the reader; one that is not known as it is."""
    if language() == "en" or not text or len(text) > _LONGEST:
        return text
    bare = text.removesuffix(".")
    for start in (bare, bare[:1].lower() + bare[1:]):
        if said := _said(start):
            said = said[:1].upper() + said[1:] if text[:1].isupper() else said
            return said + text[len(bare) :]
    return text


def _said(text: str) -> str:
    for known, form in _forms():
        if found := form.fullmatch(text):
            values = {name: _value(name, value) for name, value in found.groupdict().items()}
            return gettext(known, **values)
    return ""


def _value(name: str, value: str) -> str:
    known = spoken()
    if name == "factor" and known:
        return known.digits(value)
    if name not in _WORDS:
        return value
    return gettext(value.replace("_", " ")) if re.fullmatch(r"\w+", value) else _said(value) or value


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((known, re.compile(form_of(known), re.DOTALL)) for known in SENTENCES)


def form_of(known: str) -> str:
    """Return the expression that a sentence of a form fits, in time that grows as its text does.

    A value ends where what follows it stands first: looked for again and again, a text full of it takes minutes.
    """
    start, *rest = re.split(r"%\((\w+)\)s", known)
    values = [f"(?P<{name}>.+?){re.escape(after)}" for name, after in zip(rest[::2], rest[1::2], strict=True)]
    return "".join([re.escape(start), *(f"(?>{each})" for each in values[:-1]), *values[-1:]])
