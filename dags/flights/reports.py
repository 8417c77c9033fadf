"""The HTML report of the flights DAG, made from its database file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from html import escape
from typing import Any

from flights.charts import bar_chart

_DAYS = """
    SELECT day, AVG(MAX(dep_delay, 0)), 100.0 * SUM(cancelled) / COUNT(*)
    FROM flight GROUP BY day ORDER BY day
"""
_AIRLINES = """
    SELECT airline, COUNT(*), SUM(cancelled), AVG(dep_delay), SUM(dep_delay >= :minimum_delay)
    FROM flight GROUP BY airline ORDER BY COUNT(*) DESC
"""
_WEATHER = """
    SELECT CASE WHEN wind_speed < 10 THEN 'below 10 mph' WHEN wind_speed < 20 THEN '10 to 20 mph'
        ELSE 'over 20 mph' END AS wind, COUNT(*), AVG(dep_delay), 100.0 * SUM(cancelled) / COUNT(*)
    FROM flight WHERE wind_speed IS NOT NULL GROUP BY wind ORDER BY MIN(wind_speed)
"""


_STYLE = """
    body { font: 14px/1.45 system-ui, sans-serif; color: #1d1d1b; margin: 16px; max-width: 860px; }
    h1 { font-size: 20px; margin: 0 0 4px; } h2 { font-size: 15px; margin: 20px 0 6px; }
    svg { width: 100%; height: auto; } div { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid #e4e3df; text-align: right; white-space: nowrap; }
    th { color: #6a6861; font-weight: 600; } th:first-child, td:first-child { text-align: left; }
"""


def daily_chart(database: sqlite3.Connection) -> str:
    """Draw mean delay and share of cancelled flights a day."""
    bars = [(f"Feb {day}", delay or 0.0, cancelled) for day, delay, cancelled in database.execute(_DAYS)]
    return bar_chart("Delays and cancellations, day by day", bars, "mean delay, minutes", "cancelled, %")


def report(database: sqlite3.Connection, minimum_delay: int, chart: str, note: str) -> str:
    """Write the whole page."""
    late = f"Late by {minimum_delay} min or more"
    airlines = database.execute(_AIRLINES, {"minimum_delay": minimum_delay}).fetchall()
    weather = database.execute(_WEATHER).fetchall()
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>Flights out of New York</title><style>{_STYLE}</style></head>",
            "<body><h1>Flights out of New York</h1>",
            f"<p>{escape(note)}</p>",
            chart,
            "<h2>Airlines</h2>",
            _table(["Airline", "Flights", "Cancelled", "Mean delay, min", late], airlines),
            "<h2>Wind at departure</h2>",
            _table(["Wind", "Flights", "Mean delay, min", "Cancelled, %"], weather),
            "</body></html>",
        ]
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(each)}</td>' for each in row)}</tr>" for row in rows)
    return f"<div><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else escape(str(value))
