"""Times, sizes and schedules in words a person would say; tests/webui/words.json binds the browser too."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from cron_descriptor import CasingTypeEnum, ExpressionDescriptor, Options
from cron_descriptor.Exception import FormatException

from scheduler.core.assets import in_words
from scheduler.wire import DagSpec, Isolation, ScheduleSpec
from webui.tongues.speaking import gettext, language, marked, spoken

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_PRESETS = {
    "@hourly": marked("every hour"),
    "@daily": marked("every day at 00:00"),
    "@midnight": marked("every day at 00:00"),
    "@weekly": marked("every Sunday at 00:00"),
    "@monthly": marked("1st of each month, 00:00"),
    "@quarterly": marked("1st of each quarter, 00:00"),
    "@yearly": marked("1st of January, 00:00"),
    "@annually": marked("1st of January, 00:00"),
}
_HOURLY = re.compile(r"(\d{1,2})( \*){4}")
_DAILY = re.compile(r"(\d{1,2}) (\d{1,2})( \*){3}")
#: What the describer calls a language; it takes others as they are.
_LOCALES = {"en": "en_US", "de": "de_DE"}
_BYTES = ("B", "kB", "MB", "GB", "TB")


def span(seconds: float) -> str:
    """Return a duration in its largest unit: 0.8 s, 14 s, 12 min, 3 h, 9 d."""
    s = max(0.0, seconds)
    if 0 < s < 0.0995:
        return f"{s * 1000:.0f} ms"
    if s < 10:
        return digits(f"{s:.1f}".removesuffix(".0")) + " s"
    size, name = next(unit for unit in _UNITS if s >= unit[0])
    return f"{int(s // size)} {name}"


def relative(at: datetime, now: datetime) -> str:
    """Return an instant as seen from now: in 12 min, 2 min ago, now."""
    s = (at - now).total_seconds()
    if abs(s) < 1:
        return gettext("now")
    if s > 0:
        return gettext("in %(span)s", span=span(int(s)))
    return gettext("%(span)s ago", span=span(int(-s)))


def size(count: int) -> str:
    """Return a number of bytes in its largest unit: 512 MB."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_BYTES) - 1:
        value, unit = value / 1000, unit + 1
    return digits(f"{value:.1f}".removesuffix(".0")) + f" {_BYTES[unit]}"


def work(seconds: float) -> str:
    """Return an amount of work, which is added up and paid for, with its digits: 0.42 s, 12.5 min, 1,234.5 h."""
    size, name = next((unit for unit in ((3600, "h"), (60, "min")) if seconds >= unit[0]), (1, "s"))
    value = seconds / size
    return digits(f"{value:,.{2 if value < 10 else 1}f}") + f" {name}"


def percent(share: float | None) -> str:
    """Return a share of one: 0.04 %, 2.5 %, 40 %; a dash where there is none."""
    if share is None:
        return "—"
    value = 100 * share
    return digits(f"{value:.{0 if value >= 10 or value == 0 else 1 if value >= 0.1 else 2}f}") + " %"


def digits(number: str) -> str:
    """Return a number as the language of the reader writes it: 1,234.5, 1.234,5."""
    known = spoken()
    return known.digits(number) if known else number


def number(count: int) -> str:
    """Return a count with its thousands apart: 1,234."""
    return digits(f"{count:,}")


def isolation(asked: Isolation) -> str:
    """Return what a task asks for: in /opt/ml/bin/python, as reports, at most 512 MB and 0.5 cores."""
    modes = {"fork": gettext("in a fork"), "fresh": gettext("in a fresh interpreter"), None: ""}
    limits = [
        f"{asked.memory_bytes / 1024 / 1024:.0f} MB" if asked.memory_bytes is not None else "",
        _cores(asked.cpus) if asked.cpus is not None else "",
        gettext("%(span)s of CPU", span=span(asked.cpu_s)) if asked.cpu_s is not None else "",
    ]
    parts = [
        gettext("in %(python)s", python=asked.python) if asked.python else modes[asked.mode],
        gettext("as %(user)s", user=asked.run_as_user) if asked.run_as_user else "",
        gettext("at most %(limits)s", limits=limited)
        if (limited := gettext(" and ").join(filter(None, limits)))
        else "",
    ]
    return ", ".join(filter(None, parts))


def _cores(count: float) -> str:
    return gettext("1 core") if count == 1 else gettext("%(count)s cores", count=digits(f"{count:g}"))


#: States and outcomes as they are stored; what they are called is said where they are shown.
_STATES = (
    marked("not started"),
    marked("scheduled"),
    marked("queued"),
    marked("running"),
    marked("success"),
    marked("failed"),
    marked("up for retry"),
    marked("up for reschedule"),
    marked("deferred"),
    marked("awaiting input"),
    marked("upstream failed"),
    marked("skipped"),
    marked("removed"),
    marked("lost"),
    marked("cancelled"),
    marked("paused"),
    marked("completed"),
    marked("fresh"),
    marked("late"),
    marked("stale"),
    marked("unknown"),
    marked("counts"),
    marked("expired"),
    marked("revoked"),
)
#: What the cost is summed up by.
#: Kinds of difference, and what begins or ends a task.
_KINDS = (
    marked("added"),
    marked("changed"),
)


def state(name: str) -> str:
    """Return a state as a person says it."""
    said = "not started" if name == "none" else name.replace("_", " ")
    return gettext(said)


#: How somebody proves who they are.
_PROOFS = {"password": marked("password"), "tokens": marked("tokens"), "link": marked("link")}


def proofs(named: str) -> str:
    """Return by what somebody signs in, as a person says it: password, OpenID Connect."""
    said = {**_PROOFS, "oidc": "OpenID Connect"}
    return ", ".join(gettext(said.get(each, each)) for each in named.split(", "))


def instant(at: datetime) -> str:
    """Return an instant for a tooltip, by the clock that it has: 2026-11-21 14:05:09 UTC."""
    return at.strftime("%Y-%m-%d %H:%M:%S %Z")


def by_zone(at: datetime, zone: tzinfo | None) -> datetime:
    """Return an instant by the clock of a zone; as it is where the calendar of the zone ends before it."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def clock(at: datetime, now: datetime) -> str:
    """Return an instant as a person names a run, by the clock of `now`: today 13:05, yesterday 13:05, Nov 3 13:05."""
    at = by_zone(at, now.tzinfo)
    day, today = at.date(), now.date()
    near = {
        today: marked("today"),
        today - timedelta(days=1): marked("yesterday"),
        today + timedelta(days=1): marked("tomorrow"),
    }
    said = gettext(near[day]) if day in near else _day(day, with_year=day.year != today.year)
    return f"{said} {at:%H:%M}"


def _day(day: date, *, with_year: bool) -> str:
    known = spoken()
    if known:
        return known.day(day, with_year=with_year)
    return f"{day:%b} {day.day}, {day.year}" if with_year else f"{day:%b} {day.day}"


def month(at: date) -> str:
    """Return the short name of a month: Nov."""
    known = spoken()
    return known.month(at) if known else f"{at:%b}"


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
    changes = gettext("when %(assets)s changes", assets=in_words(schedule.assets))
    if schedule.kind == "none":
        return changes
    return gettext("%(rhythm)s, and %(changes)s", rhythm=_by_time(schedule), changes=changes)


def _by_time(schedule: ScheduleSpec) -> str:
    match schedule.kind:
        case "none":
            return gettext("by hand")
        case "once":
            return gettext("once")
        case "continuous":
            return gettext("again and again")
        case "cron" | "cron_interval":
            return cron(schedule.cron or "")
        case "delta" | "delta_interval":
            return gettext("every %(span)s", span=span(schedule.delta_s or 0))
        case "crons":
            return "; ".join(cron(each) for each in schedule.crons or ())
        case "events" | "own":
            return schedule.said or gettext("by a timetable of its own")


def cron(expression: str) -> str:
    """Return a cron expression in words; one that the describer cannot read is shown as it is."""
    return gettext(_PRESETS[expression]) if expression in _PRESETS else _described(expression, language())


@lru_cache(maxsize=1024)
def _described(expression: str, language: str) -> str:
    fields = expression.split()
    if len(fields) == 6:
        fields = [fields[5], *fields[:5]]
    if hourly := _HOURLY.fullmatch(expression):
        return gettext("every hour, at :%(minute)s", minute=f"{int(hourly[1]):02}")
    if daily := _DAILY.fullmatch(expression):
        return gettext("every day at %(time)s", time=f"{int(daily[2]):02}:{int(daily[1]):02}")
    options = Options(casing_type=CasingTypeEnum.Sentence, use_24hour_time_format=True)
    options.locale_code = _LOCALES.get(language, language)
    try:
        text = ExpressionDescriptor(" ".join(fields), options).get_full_description()
    except FormatException:
        return expression
    return text[:1].lower() + text[1:]
