"""The dashboard and the alert rules name metrics and labels that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scheduler.config import load_settings
from scheduler.metrics.reference import known_metrics
from tests.deploy.started import of_kubernetes, with_files

DEPLOY = Path(__file__).parents[2] / "deploy"
#: Labels that Prometheus gives every sample, and the one of buckets.
GIVEN = {"job", "instance", "le"}


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every expression with where it stands."""
    dashboard = json.loads((DEPLOY / "grafana" / "dirigent.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["query"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


def rules() -> list[dict[str, Any]]:
    """Return the alert rules."""
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def series() -> dict[str, set[str]]:
    """Return the names of all series with their labels."""
    found: dict[str, set[str]] = {}
    for each in known_metrics():
        suffixes = ("_bucket", "_sum", "_count") if each.kind == "histogram" else ("",)
        found |= {f"{each.name}{suffix}": {*each.labels, *GIVEN} for suffix in suffixes}
    return found


@pytest.mark.parametrize(("place", "expression"), list(expressions()), ids=lambda each: each[:60])
def test_metrics_and_labels_of_an_expression_are_ones_that_there_are(place, expression):
    names = re.findall(r"\bdirigent_\w+", expression)
    assert names or expression.startswith("up{"), place
    known = series()
    assert set(names) <= known.keys(), place
    labels = {label for name in names for label in known[name]}
    asked = re.findall(r"by \(([^)]*)\)", expression) + [
        re.sub(r'[=!~]+"[^"]*"', "", matchers) for matchers in re.findall(r"\{([^}]*)\}", expression)
    ]
    assert {word for group in asked for word in re.split(r"[,\s]+", group) if word} <= labels | GIVEN, place


def test_every_alert_says_how_grave_it_is_and_what_to_do():
    assert len({rule["alert"] for rule in rules()}) == len(rules()) > 10
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule
        assert set(rule["annotations"]) == {"summary", "description"}, rule


def test_prometheus_is_told_of_the_rules_and_of_the_token():
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text())
    assert config["rule_files"] == ["alerts.yaml"]
    assert config["scrape_configs"][0]["authorization"]["credentials_file"].startswith("/")


def test_kubernetes_asks_the_endpoint_of_each_server_for_its_health(tmp_path):
    for file in ("scheduler", "worker", "web"):
        deployment = next(yaml.safe_load_all((DEPLOY / "kubernetes" / f"{file}.yaml").read_text()))
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        paths = [container[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")]
        assert paths == ["/health/ready", "/health/live"]
        assert container["ports"] == [{"name": "metrics", "containerPort": 9464}]
    for started in of_kubernetes():
        settings = load_settings(with_files(started.environ, tmp_path), tmp_path)
        assert (settings.metrics_host, settings.metrics_port) == ("0.0.0.0", 9464)
        assert settings.metrics_token is not None
