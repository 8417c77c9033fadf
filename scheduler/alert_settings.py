"""Alert rules and channels as settings: `[channels]` and `[[alerts]]` of `dirigent.toml`, `DIRIGENT_CHANNEL_<NAME>`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, Protocol

from scheduler.alert_rules import ALWAYS, AlertRule, BadRule, When, read_rule
from scheduler.errors import BadSetting

#: What the name of a channel's setting begins with while settings are gathered.
CHANNEL: Final = "channel:"
_FILE: Final = "_file"
#: Capital letters would be lost in the environment.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
FAILURE_RULE: Final = "notify_on_failure"


class Secret(Protocol):
    """A text that is not shown."""

    def get_secret_value(self) -> str:
        """Return it."""


class AlertSettings(Protocol):
    """The settings that alerts are made of."""

    @property
    def notify_on_failure(self) -> tuple[str, ...]:
        """Addresses that are told of every failed run."""

    @property
    def channels(self) -> Mapping[str, Secret]:
        """Addresses by name."""

    @property
    def alerts(self) -> tuple[AlertRule, ...]:
        """The rules under [[alerts]]."""


def alert_rules(settings: AlertSettings) -> tuple[AlertRule, ...]:
    """Return all rules that are no DAG file's: `notify_on_failure` is the simplest of them."""
    told = tuple(_numbered(settings))
    simplest = AlertRule(name=FAILURE_RULE, when=When.FAILURE, to=told, repeat=ALWAYS)
    return (*((simplest,) if told else ()), *settings.alerts)


def addresses(settings: AlertSettings) -> dict[str, str]:
    """Return the address of each channel. They hold secrets."""
    named = {name: address.get_secret_value() for name, address in settings.channels.items()}
    return _numbered(settings) | named


def _numbered(settings: AlertSettings) -> dict[str, str]:
    """Return the addresses of `notify_on_failure`: their channels are called by their places."""
    places = enumerate(settings.notify_on_failure, start=1)
    return {f"{FAILURE_RULE}:{place}": address for place, address in places}


def shown_addresses(settings: AlertSettings) -> dict[str, str]:
    """Return the service of each channel: of its address nothing else may be shown."""
    return {name: scheme_only(address) for name, address in addresses(settings).items()}


def scheme_only(url: str) -> str:
    """Return of an address what may be shown: Apprise's carry their tokens anywhere."""
    return f"{url.partition('://')[0]}://***"


def read_channels(
    given: object, source: str, content: Callable[[str, object], str]
) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Yield name, and where it was found with its address, of each channel. `content` reads a file that is named."""
    if not isinstance(given, Mapping):
        raise BadSetting(
            f"{source}: channels", None, 'write it as a heading: [channels], below it ops = "slack://..."'
        )
    for key, value in given.items():
        name = str(key).removesuffix(_FILE)
        where = source if source.startswith("DIRIGENT_") else f"{source}: [channels] {key}"
        if not _NAME.fullmatch(name):
            raise BadSetting(where, None, "name a channel with small letters, digits and '_', a letter first")
        if not isinstance(value, str) or not value.strip():
            raise BadSetting(where, None, "give one Apprise address, as text")
        address = content(where, value) if name != key else value
        if "://" not in address or len(address.split()) != 1:
            raise BadSetting(where, None, "give one Apprise address, like slack://... or mailto://...")
        yield CHANNEL + name, (where, address)


def read_rules(given: object, channels: Collection[str], source: str) -> tuple[AlertRule, ...]:
    """Read `[[alerts]]`. Raises BadSetting that names the rule, the field and the remedy."""
    if not isinstance(given, list | tuple) or not all(isinstance(each, dict) for each in given):
        raise BadSetting(f"{source}: alerts", None, "write each rule under a heading of its own: [[alerts]]")
    rules: list[AlertRule] = []
    for place, each in enumerate(given, start=1):
        named = f" {each['name']!r}" if isinstance(each.get("name"), str) else ""
        where = f"{source}: rule {place}{named} of [[alerts]]"
        rule = _read(each, where)
        _check_channels(rule, channels, where)
        if rule.name in {FAILURE_RULE, *(other.name for other in rules)}:
            raise BadSetting(f"{where}: name", rule.name, "another rule has this name")
        rules.append(rule)
    return tuple(rules)


def _read(given: Mapping[str, Any], where: str) -> AlertRule:
    try:
        return read_rule(given)
    except BadRule as error:
        raise BadSetting(f"{where}: {error.field}", error.value, error.remedy) from None


def _check_channels(rule: AlertRule, channels: Collection[str], where: str) -> None:
    for name in rule.to:
        if name not in channels:
            near = get_close_matches(name, channels, n=1)
            known = ", ".join(sorted(channels)) or "none yet"
            remedy = f"did you mean {near[0]!r}?" if near else f"[channels] names {known}"
            raise BadSetting(f"{where}: to", name, f"there is no such channel; {remedy}")
