"""Times, sizes and schedules in words a person would say; tests/webui/words.json binds the browser too."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cron_descriptor import CasingTypeEnum, ExpressionDescriptor, Options
from cron_descriptor.Exception import FormatException

from scheduler.core.assets import in_words
from scheduler.wire import DagSpec, Isolation, ScheduleSpec

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_PRESETS = {
    "@hourly": "every hour",
    "@daily": "every day at 00:00",
    "@midnight": "every day at 00:00",
    "@weekly": "every Sunday at 00:00",
    "@monthly": "1st of each month, 00:00",
    "@quarterly": "1st of each quarter, 00:00",
    "@yearly": "1st of January, 00:00",
    "@annually": "1st of January, 00:00",
}
_HOURLY = re.compile(r"(\d{1,2})( \*){4}")
_BYTES = ("B", "kB", "MB", "GB", "TB")


def span(seconds: float) -> str:
    """Return a duration in its largest unit: 0.8 s, 14 s, 12 min, 3 h, 9 d."""
    s = max(0.0, seconds)
    if 0 < s < 0.0995:
        return f"{s * 1000:.0f} ms"
    if s < 10:
        return f"{s:.1f}".removesuffix(".0") + " s"
    size, name = next(unit for unit in _UNITS if s >= unit[0])
    return f"{int(s // size)} {name}"


def relative(at: datetime, now: datetime) -> str:
    """Return an instant as seen from now: in 12 min, 2 min ago, now."""
    s = (at - now).total_seconds()
    if abs(s) < 1:
        return "now"
    return f"in {span(int(s))}" if s > 0 else f"{span(int(-s))} ago"


def size(count: int) -> str:
    """Return a number of bytes in its largest unit: 512 MB."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_BYTES) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f}".removesuffix(".0") + f" {_BYTES[unit]}"


def work(seconds: float) -> str:
    """Return an amount of work, which is added up and paid for, with its digits: 0.42 s, 12.5 min, 1,234.5 h."""
    size, name = next((unit for unit in ((3600, "h"), (60, "min")) if seconds >= unit[0]), (1, "s"))
    value = seconds / size
    return f"{value:,.{2 if value < 10 else 1}f} {name}"


def percent(share: float | None) -> str:
    """Return a share of one: 0.04 %, 2.5 %, 40 %; a dash where there is none."""
    if share is None:
        return "—"
    value = 100 * share
    return f"{value:.{0 if value >= 10 or value == 0 else 1 if value >= 0.1 else 2}f} %"


def isolation(asked: Isolation) -> str:
    """Return what a task asks for: in /opt/ml/bin/python, as reports, at most 512 MB and 0.5 cores."""
    modes = {"fork": "in a fork", "fresh": "in a fresh interpreter", None: ""}
    limits = [
        f"{asked.memory_bytes / 1024 / 1024:.0f} MB" if asked.memory_bytes is not None else "",
        f"{asked.cpus:g} {'core' if asked.cpus == 1 else 'cores'}" if asked.cpus is not None else "",
        f"{span(asked.cpu_s)} of CPU" if asked.cpu_s is not None else "",
    ]
    parts = [
        f"in {asked.python}" if asked.python else modes[asked.mode],
        f"as {asked.run_as_user}" if asked.run_as_user else "",
        f"at most {limited}" if (limited := " and ".join(filter(None, limits))) else "",
    ]
    return ", ".join(filter(None, parts))


def instant(at: datetime) -> str:
    """Return an instant for a tooltip: 2026-11-21 14:05:09 UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def clock(at: datetime, now: datetime) -> str:
    """Return an instant as a person names a run: today 13:05, yesterday 13:05, Nov 3 13:05."""
    at = at.astimezone(UTC)
    day, today = at.date(), now.astimezone(UTC).date()
    near = {today: "today", today - timedelta(days=1): "yesterday", today + timedelta(days=1): "tomorrow"}
    far = f"{at:%b} {at.day}" if day.year == today.year else f"{at:%b} {at.day}, {at.year}"
    return f"{near.get(day, far)} {at:%H:%M}"


def schedule(spec: DagSpec) -> str:
    """Return when a DAG runs: every hour, at 06:00 on weekdays (Europe/Berlin), by hand."""
    zone = (
        ""
        if spec.timezone == "UTC" or spec.schedule.kind in {"none", "delta", "once", "events", "own"}
        else f" ({spec.timezone})"
    )
    return _rhythm(spec.schedule) + zone


def _rhythm(schedule: ScheduleSpec) -> str:
    if schedule.assets is None:
        return _by_time(schedule)
    changes = f"when {in_words(schedule.assets)} changes"
    return changes if schedule.kind == "none" else f"{_by_time(schedule)}, and {changes}"


def _by_time(schedule: ScheduleSpec) -> str:
    match schedule.kind:
        case "none":
            return "by hand"
        case "once":
            return "once"
        case "continuous":
            return "again and again"
        case "cron" | "cron_interval":
            return cron(schedule.cron or "")
        case "delta" | "delta_interval":
            return f"every {span(schedule.delta_s or 0)}"
        case "crons":
            return "; ".join(cron(each) for each in schedule.crons or ())
        case "events" | "own":
            return schedule.said or "by a timetable of its own"


@lru_cache(maxsize=1024)
def cron(expression: str) -> str:
    """Return a cron expression in words; one that the describer cannot read is shown as it is."""
    if expression in _PRESETS:
        return _PRESETS[expression]
    fields = expression.split()
    if len(fields) == 6:
        fields = [fields[5], *fields[:5]]
    if hourly := _HOURLY.fullmatch(expression):
        return f"every hour, at :{int(hourly[1]):02}"
    options = Options(casing_type=CasingTypeEnum.Sentence, use_24hour_time_format=True)
    try:
        text = ExpressionDescriptor(" ".join(fields), options).get_full_description()
    except FormatException:
        return expression
    return text[:1].lower() + text[1:]
