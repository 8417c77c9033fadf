"""The page of metrics is what the code declares."""

from __future__ import annotations

from pathlib import Path

from scheduler.metrics.reference import metrics_page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_metrics_is_what_the_code_declares():
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert page == metrics_page(), "run: python -m scheduler.metrics.reference > docs/metrics.md"
