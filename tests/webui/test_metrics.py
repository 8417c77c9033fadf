"""Metrics, figures for autoscalers, and health on the page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from tests.webui.conftest import METRICS_TOKEN, Browser


@pytest.mark.parametrize("path", ["/metrics", "/scaling"])
def test_programs_read_with_the_token_and_with_nothing_less(stranger: Browser, path: str) -> None:
    assert stranger.get(path).status_code == 401
    assert stranger.get(path, Authorization="Bearer ").status_code == 401
    assert stranger.get(path, Authorization=f"Bearer {METRICS_TOKEN}").status_code == 200
    assert stranger.get(path, Authorization=f"Basic {METRICS_TOKEN}").status_code == 401


def test_the_token_opens_nothing_else(stranger: Browser) -> None:
    token = f"Bearer {METRICS_TOKEN}"
    assert stranger.get("/dags", Authorization=token).status_code == 401
    assert stranger.get("/api/v2/dags", Authorization=token).status_code == 401


def test_without_a_token_in_the_settings_none_is_good(app: Flask, stranger: Browser) -> None:
    app.extensions["dirigent"] = replace(app.extensions["dirigent"], metrics_token=None)
    for given in ("", "Bearer ", "Bearer None"):
        assert stranger.get("/metrics", Authorization=given).status_code == 401


def test_who_is_signed_in_reads_metrics(person: Browser) -> None:
    answer = person.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert 'dirigent_tasks{state="running"}' in answer.text
    assert '"queues"' in person.get("/scaling").text


def test_probes_need_no_session(stranger: Browser) -> None:
    assert stranger.get("/health").json == {"status": "healthy", "parts": {}}
    assert stranger.get("/health/ready").status_code == 200
    assert stranger.get("/health/live").json == {"status": "alive"}
