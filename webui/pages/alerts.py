"""Alerts: what fires, by which rules, whether people can be told, and what fired before."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from scheduler.alert_rules import AlertRule
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.alert_facts import declared_rules
from scheduler.store.alerts import list_firings, live_firings
from scheduler.store.outbox import list_channels
from scheduler.store.tellings import load_tellings
from scheduler.store.views.alerts import channel_fields, rule_fields
from webui.context import reading, sight, web
from webui.fragments import page
from webui.numbers import number
from webui.rights import needs

blueprint = Blueprint("alerts", __name__)

_LIVE = 200
_PAGE = 50
#: DAGs whose own rules are listed; `dirigent alerts list` lists those of all.
_DAGS = 100


@blueprint.get("/alerts")
@needs(Right.DAG_READ)
def show() -> Response:
    """Show firings, rules, channels and history."""
    before = request.args.get("before", type=number)
    with reading() as session:
        firing = live_firings(session, _LIVE)
        told = load_tellings(session, firing)
        past = list_firings(session, _PAGE + 1, before=before, only_over=True)
        # Those of the settings name DAGs and people of everybody.
        everybodys = () if sight() else web().alert_rules
        rules = [*everybodys, *declared_rules(session, limit=_DAGS)]
        channels = channel_fields(web().channels, list_channels(session))
    by_rule = {rule.name: [each for each in firing if each.rule.name == rule.name] for rule in rules}
    model = {
        "firing": firing,
        "told": told,
        "rules": [rule_fields(rule, by_rule[rule.name]) | _unknown(rule) for rule in rules],
        "channels": channels,
        "past": past[:_PAGE],
        "has_more": len(past) > _PAGE,
    }
    return page("alerts.html", **model)


def unreachable(session: Session) -> list[dict[str, Any]]:
    """Return the channels to which messages could not be sent; nobody is asked where there is no channel."""
    if not web().channels:
        return []
    return [each for each in channel_fields(web().channels, list_channels(session)) if each["error"]]


def _unknown(rule: AlertRule) -> dict[str, list[str]]:
    """Return the channels of a rule that do not exist: a DAG file may name any."""
    return {"unknown": [name for name in rule.to if name not in web().channels]}
