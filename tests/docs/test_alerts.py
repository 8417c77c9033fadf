"""The examples of docs/alerts.md can be used as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler.alert_rules import AlertRule, When
from scheduler.alert_settings import alert_rules
from scheduler.config import load_settings
from scheduler.loop.courier import Courier

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()


def test_the_example_is_read_as_settings(tmp_path):
    (tmp_path / "mail").write_text("mailto://example.com")
    [example] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "dirigent.toml").write_text(example.replace("/run/secrets/mail", str(tmp_path / "mail")))
    rules = alert_rules(load_settings({}, tmp_path))
    assert [rule.name for rule in rules] == ["orders", "report-by-seven", "workers"]


@pytest.mark.parametrize("address", re.findall(r"^\| [^|]+ \| `(\w+://[^`]+)`", PAGE, re.MULTILINE))
def test_apprise_understands_the_address_of_each_service(address):
    assert Courier("ops", address, "http://page").channel == "ops"


def test_every_kind_of_rule_and_every_field_is_described():
    assert not {when for when in When if f"| `{when}` |" not in PAGE}
    assert not {name for name in AlertRule.__dataclass_fields__ if f"`{name}`" not in PAGE}
