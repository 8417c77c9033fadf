"""What templates say with: times, durations, states, command lines."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from flask import Flask, request, url_for
from markupsafe import Markup, escape

from scheduler import plain_values
from scheduler.clock import parse_instant
from scheduler.logs.lines import DIRIGENT, LogLine
from scheduler.operations.names import is_storable
from scheduler.store.views.runs import Run
from webui import words
from webui.broken import fault, first_words, spoken
from webui.context import now, web
from webui.looks import LOOKS, look
from webui.markdown import markdown
from webui.picks import run_name
from webui.tongues.sentences import sentence
from webui.tongues.speaking import gettext, marked
from webui.zones import local, zone_name

_TIME = Markup('<time datetime="{iso}" data-how="{how}" title="{title}">{text}</time>')
_AFTER = Markup('<time datetime="{iso}" data-how="after" data-from="{start}" title="{title}">{text}</time>')
_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-_])")
#: In a sentence that the documents share: code, and a link, of which the page shows the words.
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^]]+)]\([^)\s]+\)")
#: What a segment of a path holds as it is.
_PLAIN = "!$&'()*+,;=:@"
_BEGUN = {
    "scheduled": marked("on schedule"),
    "manual": marked("by hand"),
    "backfill": marked("backfill"),
    "asset_triggered": marked("asset triggered"),
}


def register(app: Flask) -> None:
    """Give templates their filters and what every page shows."""
    app.jinja_env.filters.update(
        ago=ago,
        since=since,
        after=after,
        span=words.span,
        spoken=spoken,
        size=words.size,
        work=words.work,
        percent=words.percent,
        digits=words.digits,
        sentence=sentence,
        inline=inline,
        number=words.number,
        isolation=words.isolation,
        instant=instant,
        minute=minute,
        time_of_day=time_of_day,
        pretty=pretty,
        pretty_json=pretty_json,
        one_line=one_line,
        python=python,
        plain=plain,
        kind_of=kind_of,
        words=state_words,
        run_label=run_label,
        run_time=run_time,
        run_name=run_name,
        begun=begun,
        run_type=run_type,
        proofs=words.proofs,
        date=date,
        fault=fault,
        first_words=first_words,
        markdown=markdown,
        outcome=outcome,
        duration=duration,
        height=height,
    )
    app.jinja_env.globals.update(command=command, run_url=run_url, task_url=task_url)
    app.context_processor(looks)


def ago(at: datetime | None) -> Markup | str:
    """Return an instant in words, which the browser keeps current: 2 min ago, in 12 min."""
    return _time(at, "relative", words.relative(at, now())) if at else "—"


def since(at: datetime | None) -> Markup | str:
    """Return how long something has been going on; it ticks."""
    return _time(at, "since", words.span((now() - at).total_seconds())) if at else "—"


def after(seconds: float, start: datetime) -> Markup:
    """Return a mark of an axis: how long after its beginning, or the time of day where times are said by the clock."""
    at = start + timedelta(seconds=seconds)
    return _AFTER.format(
        iso=at.isoformat(), start=start.isoformat(), title=instant(at), text=words.span(seconds)
    )


def _time(at: datetime, how: str, text: str) -> Markup:
    return _TIME.format(iso=at.isoformat(), how=how, title=instant(at), text=text)


def instant(at: datetime) -> str:
    """Return an instant in the reader's zone: 2026-11-21 14:05:09 UTC."""
    return words.instant(local(at))


def minute(at: datetime) -> str:
    """Return it without its seconds, where the zone is said above: 2026-11-21 14:05."""
    return f"{local(at):%Y-%m-%d %H:%M}"


def time_of_day(at: datetime | None) -> str:
    """Return when in the day a line was written: 14:05:09.114; as much room where that is not known."""
    return f"{local(at):%H:%M:%S.%f}"[:-3] if at else " " * 12


def date(text: str | None) -> str:
    """Return an instant of a graph, which is ISO 8601 text, for reading: 2026-01-01 00:00 UTC."""
    return f"{local(parse_instant(text)):%Y-%m-%d %H:%M %Z}" if text else ""


def pretty(value: object) -> str:
    """Return a value as JSON that can be read."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def one_line(value: object) -> str:
    """Return a value as JSON in a line. Not `tojson`: that is for scripts, and escapes no quotes of attributes."""
    return json.dumps(value, ensure_ascii=False, default=str)


def spelled_json(value: object, indent: int | None = None) -> str:
    """Return a value as JSON for addresses and shells, and to be read back: there half a character is escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if is_storable(text) else json.dumps(value, indent=indent)


def pretty_json(text: str) -> str:
    """Return the JSON text of a value so that it can be read; text that was cut off stays as it is."""
    try:
        return pretty(plain_values.plain(json.loads(text)))
    except (ValueError, RecursionError):
        return text


def python(text: str) -> Markup:
    """Return Python source as escaped, coloured, numbered HTML."""
    # Not imported above: most servers show no source, and Pygments is large.
    source: Any = import_module("webui.source")
    coloured: Markup = source.coloured(text)
    return coloured


def kind_of(line: LogLine) -> str:
    """Return how a line of a log is drawn: by its level; what Dirigent itself adds stands back."""
    level = line.level.lower()
    return "system" if line.source == DIRIGENT and level in {"info", "debug"} else level


def plain(text: str) -> str:
    """Return a line of a log without its terminal colours."""
    return _ESCAPES.sub("", text)


def inline(text: str) -> Markup:
    """Return a sentence that is written for the documents as the page shows it: code as code, of links the words."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(_LINK.sub(r"\1", text)))))


def state_words(state: str) -> str:
    """Return a state as a person says it."""
    return words.state(state)


def begun(run: Run) -> str:
    """Return how a run came about: on schedule, by hand (owner), backfill."""
    who = run.triggered_by.removeprefix("user:")
    how = run_type(run.run_type)
    return how if who in {"", "scheduler", "schedule", "asset"} else f"{how} ({who})"


def run_type(name: str) -> str:
    """Return in words how runs of a type come about."""
    return gettext(_BEGUN.get(name, name.replace("_", " ")))


def outcome(run: Run) -> str:
    """Return why a run ended as it did, without the state, which stands beside it; else its note."""
    return run.reason.removeprefix(f"{run.state}: ") or run.note


def run_label(run: Run) -> str:
    """Return how a person names a run: today 13:05."""
    return run_time(run.logical_date or run.run_after)


def run_time(at: datetime) -> str:
    """Return how a person names an instant, in their zone: today 13:05."""
    return words.clock(at, local(now()))


class Timed(Protocol):
    """What has a beginning and an end, both perhaps still to come."""

    @property
    def start_date(self) -> datetime | None:
        """When it began."""

    @property
    def end_date(self) -> datetime | None:
        """When it ended."""


def duration(thing: Timed) -> float:
    """Return how long something took, in seconds; 0 where that is not known."""
    if thing.start_date is None or thing.end_date is None:
        return 0.0
    return (thing.end_date - thing.start_date).total_seconds()


def height(seconds: float, most: float) -> int:
    """Return the step, 1 to 9, of a bar's height."""
    return 1 if most <= 0 else max(1, min(9, round(9 * seconds / most)))


def command(*parts: object) -> str:
    """Return a command line that can be pasted into a shell."""
    return shlex.join(["dirigent", *(str(part) for part in parts if part not in (None, ""))])


def run_url(dag_id: str, run_id: str, view: str = "run.show", **more: Any) -> str:
    """Return the address of a run's page; what is empty is left out."""
    if view == "run.show" and not more:
        return _run_path(dag_id, run_id)
    return url_for(view, dag_id=dag_id, run_id=run_id, **_given(more))


def task_url(dag_id: str, run_id: str, task_id: str, path: str = "", **more: Any) -> str:
    """Return the address of a task instance's page; what is empty is left out."""
    given = _given({"path": path, **more})
    place = f"{_run_path(dag_id, run_id)}/tasks/{quote(task_id, safe=_PLAIN)}"
    return f"{place}?{urlencode(given)}" if given else place


def _run_path(dag_id: str, run_id: str) -> str:
    """Return what `url_for` would: a page names a thousand runs, and it takes a tenth of the time."""
    return f"{request.script_root}/dags/{quote(dag_id, safe=_PLAIN)}/runs/{quote(run_id, safe=_PLAIN)}"


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "")}


def looks() -> dict[str, str]:
    """Return the reader's own choices of look, and where they are."""
    here = request.full_path.rstrip("?") if request.query_string else request.path
    return {
        **{name: look(name) for name in LOOKS if name != "language"},
        "clock": zone_name(),
        "here": here,
        "here_quoted": quote(here, safe=""),
        "dags_folder": web().dags_folder,
    }
