"""Alert rules of a DAG's own, beside those of `dirigent.toml`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scheduler.alert_rules import BadRule, read_rule
from scheduler.errors import BadDag
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.location import author_line


class Alert:
    """When to tell which channels of this DAG: `DAG("orders", alerts=[Alert("not_finished", by="07:00", to="ops")])`.

    The fields are those of `[[alerts]]` (docs/alerts.md), without those that choose DAGs; `name` is `when` unless
    given, a time may be a timedelta. Channels are named in `dirigent.toml`.
    """

    def __init__(self, when: str, *, to: str | Sequence[str], **fields: Any) -> None:
        given = {"when": str(when), "to": to, **fields}
        try:
            rule = read_rule(given, of_dag="dag")
        except BadRule as error:
            raise BadDag(f"{author_line()}: {error}") from None
        self.name = str(given.get("name", rule.when))
        #: What JSON can hold of it.
        self.data = {**rule.data, "name": self.name}
        del self.data["dags"]

    def __repr__(self) -> str:
        return f"<Alert: {self.name}>"


def read_alerts(value: object) -> tuple[Alert, ...]:
    """Read none, one or several alerts, each with a name of its own."""
    given = (value,) if isinstance(value, Alert) else value or ()
    if not isinstance(given, list | tuple) or not all(isinstance(each, Alert) for each in given):
        raise bad_argument("alerts", value, 'give a list, like [Alert("failure", to="ops")]')
    names = [each.name for each in given]
    for name in names:
        if names.count(name) > 1:
            raise bad_argument("alerts", name, "two alerts have this name; give one of them name=...")
    return tuple(given)
