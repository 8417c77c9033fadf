"""The servers' own log as JSON lines."""

from __future__ import annotations

import io
import json
import logging

import pytest

from scheduler.cli.parts.server_log import JsonLines, TextLines


@pytest.fixture
def written(monkeypatch):
    """A logger, and what it wrote."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("scheduler.dispatch.worker")
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "propagate", False)
    return logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_when_how_grave_who_what_and_about_which_attempt(written):
    logger, lines = written
    fields = {
        "dag_id": "shop",
        "run_id": "r1",
        "task_id": "pay",
        "path": "",
        "attempt_id": 7,
        "try_number": 2,
    }
    logger.warning("late report of attempt %s refused", 7, extra=fields)
    (line,) = lines()
    assert line.pop("at").endswith("+00:00")
    assert line.pop("pid") > 0
    assert line == {
        "level": "warning",
        "logger": "scheduler.dispatch.worker",
        "message": "late report of attempt 7 refused",
        "dag_id": "shop",
        "run_id": "r1",
        "task_id": "pay",
        "attempt_id": 7,
        "try_number": 2,
        "thread": "MainThread",
    }


def test_an_error_is_one_line_with_its_traceback(written):
    logger, lines = written
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logger.exception("a step failed")
    (line,) = lines()
    assert line["message"] == "a step failed"
    assert "ValueError: two\nlines" in line["exception"]


def test_text_of_a_dag_file_does_nothing_to_the_terminal_of_who_reads_the_log():
    record = logging.LogRecord(
        "scheduler.parsing", logging.WARNING, "x", 1, "no %s", ("\x1b]0;x\x07\x9bok",), None
    )
    assert TextLines("%(message)s").format(record) == "no ok"
    assert "\x9b" not in JsonLines().format(record)
