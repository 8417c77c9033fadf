"""`dirigent alerts`."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any

import click

from scheduler.alert_settings import addresses, alert_rules, shown_addresses
from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.errors import DirigentError, NotFound
from scheduler.store.alert_facts import declared_rules
from scheduler.store.alerts import list_firings, live_firings
from scheduler.store.outbox import list_channels
from scheduler.store.tellings import load_tellings
from scheduler.store.views.alerts import channel_fields, firing_fields, rule_fields

_MOST = 10_000


@click.group()
def alerts() -> None:
    """List alert rules and what fires; send a message to a channel to try it."""


@alerts.command("list")
@output_option
@pass_invocation
def list_(invocation: Invocation, output: str) -> None:
    """List the rules of dirigent.toml and of DAG files, and since when each fires."""
    with invocation.db.read() as session:
        rules = [*alert_rules(invocation.settings), *declared_rules(session)]
        firing = live_firings(session, _MOST)
    rows = [rule_fields(rule, [each for each in firing if each.rule.name == rule.name]) for rule in rules]
    print_rows(rows, ["name", "when", "about", "to", "state", "firing_since", "subjects"], output)


@alerts.command()
@output_option
@pass_invocation
def channels(invocation: Invocation, output: str) -> None:
    """List the channels: what waits to be sent to each, and why it could not be."""
    with invocation.db.read() as session:
        rows = channel_fields(shown_addresses(invocation.settings), list_channels(session))
    print_rows(rows, ["name", "service", "waiting", "last_sent_at", "error"], output)


@alerts.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1, max=_MOST))
@output_option
@pass_invocation
def history(invocation: Invocation, limit: int, output: str) -> None:
    """List firings, newest first: since when, until when, when people were told, and which channels were not."""
    with invocation.db.read() as session:
        firings = list_firings(session, limit)
        tellings = load_tellings(session, firings)
    rows = [firing_fields(each, tellings[each.id]) for each in firings]
    print_rows(
        rows, ["since", "rule", "subject", "state", "over_at", "told_at", "not_told", "reason"], output
    )


@alerts.command()
@click.argument("channel")
@pass_invocation
def test(invocation: Invocation, channel: str) -> None:
    """Send a message to a channel, now; exit 1, with the reason, when it cannot be sent."""
    known = addresses(invocation.settings)
    if channel not in known:
        names = ", ".join(known) or "none"
        raise NotFound("channel", channel, hint=f"[channels] of dirigent.toml names: {names}.")
    # Not imported above: Apprise takes a third of a second.
    courier: Any = import_module("scheduler.loop.courier")
    page_url = invocation.settings.page_url
    error = courier.Courier(channel, known[channel], page_url).send(_trial(invocation.now(), channel))
    if error:
        raise DirigentError(f"The message to {channel} was not sent: {error}")
    click.echo(f"A message was sent to {channel}.")


def _trial(now: datetime, channel: str) -> dict[str, str]:
    return {
        "title": "Dirigent can reach you",
        "body": f"This is a test of channel {channel}, asked for at {now:%Y-%m-%d %H:%M:%S} UTC.",
        "link": "/alerts",
        "type": "info",
    }
