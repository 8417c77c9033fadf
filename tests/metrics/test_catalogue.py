"""Names and labels of the metrics."""

from __future__ import annotations

import re

from scheduler.metrics import instruments, state
from scheduler.metrics.catalogue import CATALOGUE, OTHER, Few

#: Labels whose values Dirigent chooses, or whose number something bounds: see docs/metrics.md.
BOUNDED = {
    *("state", "outcome", "kind", "cause", "mode", "result", "direction", "duty", "part", "role"),
    *("version", "python", "queue", "pool", "worker", "hostname", "dag_id"),
}


def test_names_follow_the_rules_of_prometheus():
    for name, each in CATALOGUE.items():
        assert re.fullmatch(r"dirigent_[a-z]+(_[a-z]+)*", name)
        assert name.endswith("_total") == (each.kind == "counter"), name
        assert not re.search(r"_(ms|milliseconds|minutes|kb|mb|kilobytes|percent)(_|$)", name)
        if each.kind == "histogram":
            assert name.endswith("_seconds"), name


def test_every_metric_says_what_it_means():
    assert all(each.meaning.endswith((".", "`")) for each in CATALOGUE.values())


def test_no_label_takes_values_without_a_bound():
    assert {label for each in CATALOGUE.values() for label in each.labels} <= BOUNDED


def test_the_catalogue_holds_instruments_and_state():
    assert "dirigent_task_pickup_delay_seconds" in CATALOGUE
    assert CATALOGUE[state.QUEUE_DESIRED.name] is state.QUEUE_DESIRED
    assert instruments.MOST_DAGS >= 100


def test_names_beyond_the_limit_count_as_other():
    few = Few(2)
    assert [few.of(name) for name in ("a", "b", "c", "a")] == ["a", "b", OTHER, "a"]
