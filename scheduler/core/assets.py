"""Assets in graphs, and when an expression over them is met.

An expression is plain data: an asset `{"asset": name, "uri": uri, ...}`, a reference to one that is declared elsewhere
`{"ref": {"name": name}}` or `{"ref": {"uri": uri}}`, an alias `{"alias": name}`, or of others `{"all": [...]}` and
`{"any": [...]}`. What an event says of itself is a set of marks: the name and the URI of its asset, and the aliases
under which it was made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from scheduler.core.freshness import check_policy
from scheduler.errors import BadDag
from scheduler.wire import MOST_PARTITIONS, Data, TaskSpec

_LONGEST: Final = 1500
_DEEPEST: Final = 50
_LONGEST_KEY: Final = 250
_LONGEST_DESCRIPTION: Final = 10_000


class Mark(NamedTuple):
    """By what an event is known: `name`, `uri` or `alias`, and which."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An event that a task makes: of a named asset, or of whichever has this URI where the name is empty."""

    name: str
    uri: str = ""
    group: str = ""
    asset_extra: Data | None = None  #: what the asset itself carries; None where it was only named
    extra: Data = field(default_factory=dict)
    alias: str = ""
    partition_key: str = ""
    freshness: Data | None = None


def mark_of(leaf: Mapping[str, Any]) -> Mark:
    """Return what an event must bear for a leaf of an expression."""
    if "asset" in leaf:
        return Mark("name", leaf["asset"])
    if "alias" in leaf:
        return Mark("alias", leaf["alias"])
    ((kind, value),) = leaf["ref"].items()
    return Mark(kind, value)


def is_of(check: Data, change: Change) -> bool:
    """Tell whether a check of a task (`TaskSpec.check`) is one of what has changed."""
    return Mark(*check["of"]) in (("name", change.name), ("uri", change.uri), ("alias", change.alias))


def blocking_checks(tasks: Iterable[TaskSpec]) -> dict[str, Data]:
    """Return the checks that withhold a change until they have succeeded, by their tasks."""
    return {task.task_id: task.check for task in tasks if task.check is not None and task.check["blocking"]}


def leaves(expression: Mapping[str, Any]) -> Iterator[Data]:
    """Walk the assets, references and aliases of an expression."""
    parts = _parts(expression)
    if parts is None:
        yield dict(expression)
    for each in parts or ():
        yield from leaves(each)


def marks(expression: Mapping[str, Any]) -> frozenset[Mark]:
    """Return by what the events are known that concern an expression."""
    return frozenset(map(mark_of, leaves(expression)))


def is_met(expression: Mapping[str, Any], seen: Collection[Mark]) -> bool:
    """Tell whether events with these marks meet an expression."""
    if "all" in expression:
        return all(is_met(each, seen) for each in expression["all"])
    if "any" in expression:
        return any(is_met(each, seen) for each in expression["any"])
    return mark_of(expression) in seen


def in_words(expression: Mapping[str, Any]) -> str:
    """Return an expression as people read it: `a and (b or c)`."""
    if "all" in expression:
        return " and ".join(_bracketed(each, "any") for each in expression["all"])
    if "any" in expression:
        return " or ".join(_bracketed(each, "all") for each in expression["any"])
    mark = mark_of(expression)
    return f"alias {mark.value}" if mark.kind == "alias" else mark.value


def _bracketed(part: Mapping[str, Any], loose: str) -> str:
    words = in_words(part)
    return f"({words})" if len(part.get(loose, ())) > 1 else words


def check_expression(what: str, expression: Data, depth: int = 0) -> None:
    """Raise BadDag for an expression that is none: it comes from a child that ran user code."""
    try:
        parts = _parts(expression)
        if depth > _DEEPEST or (parts is not None and not parts):
            raise ValueError
        for each in parts or ():
            check_expression(what, each, depth + 1)
        mark = None if parts else mark_of(expression)
        is_long = mark is not None and not 0 < len(mark.value) <= _LONGEST
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadDag(f"{what} names assets in a form that cannot be read: {str(expression)[:200]}") from None
    if mark and (mark.kind not in ("name", "uri", "alias") or is_long):
        raise BadDag(
            f"{what}: {mark.value[:50]!r} is no {mark.kind} of an asset: 1 to {_LONGEST} characters."
        )
    if "asset" in expression:
        _check_declared(what, expression)


def _check_declared(what: str, declared: Data) -> None:
    words = [declared.get(name, "") for name in ("asset", "uri", "group")]
    if not all(isinstance(each, str) and len(each) <= _LONGEST for each in words):
        raise BadDag(f"{what}: name, uri and group of an asset are texts of up to {_LONGEST} characters.")
    if not isinstance(declared.get("extra", {}), dict):
        raise BadDag(f"{what}: the extra of asset {words[0]!r} is no object.")
    if declared.get("freshness") is not None:
        check_policy(f"{what}: asset {words[0]!r}", declared["freshness"])


def check_said(said: Data) -> None:
    """Raise BadDag for what a task cannot have said of an asset (`changes_of`): its child may have sent anything."""
    of, keys, check = said.get("of"), said.get("partition_keys", []), said.get("check")
    if not isinstance(of, list) or len(of) != 2 or not all(isinstance(each, str) for each in of):
        raise BadDag(f"What it says of an asset names none: {str(of)[:80]}.")
    if (
        not isinstance(said.get("extra", {}), dict)
        or not isinstance(keys, list)
        or len(keys) > MOST_PARTITIONS
    ):
        raise BadDag(f"What it says of {of[1]!r} is more than an extra and {MOST_PARTITIONS:,} partitions.")
    if not all(isinstance(each, str) and 0 < len(each) <= _LONGEST_KEY for each in keys):
        raise BadDag(f"A partition of {of[1]!r} has no key of 1 to {_LONGEST_KEY} characters.")
    if "asset" in said:
        if not isinstance(said["asset"], dict) or _parts(said["asset"]) is not None:
            raise BadDag(f"What it says under {of[1]!r} is no asset.")
        check_expression("What it says", said["asset"])
    if check is not None and not _is_finding(check):
        raise BadDag(f"What it found of {of[1]!r} is not what a check finds.")


def _is_finding(check: object) -> bool:
    return (
        isinstance(check, dict)
        and check.keys() == {"passed", "description", "metadata"}
        and isinstance(check["passed"], bool)
        and isinstance(check["description"], str)
        and len(check["description"]) <= _LONGEST_DESCRIPTION
        and isinstance(check["metadata"], dict)
    )


def _parts(expression: Mapping[str, Any]) -> Sequence[Data] | None:
    for way in ("all", "any"):
        if way in expression:
            found: Sequence[Data] = expression[way]
            return found
    return None


def missing(expression: Mapping[str, Any], seen: Collection[Mark]) -> list[str]:
    """Return the leaves that no event has come for, in words."""
    return sorted({in_words(each) for each in leaves(expression) if mark_of(each) not in seen})


def changes_of(
    task: TaskSpec, said: Iterable[Mapping[str, Any]] | None, partition_key: str = ""
) -> list[Change]:
    """Return the events that a success makes: of each outlet one, with what the task said of it.

    Of an alias there are only those that the task named. What it said is a dict each: `of` (the mark of an outlet),
    `extra`, `partition_keys`, and of an alias the `asset`.
    """
    entries = list(said or ())
    found: list[Change] = []
    for outlet in task.outlets or ():
        mark = mark_of(outlet)
        own = [each for each in entries if "check" not in each and Mark(*each["of"]) == mark]
        if mark.kind != "alias":
            own = own or [{}]
        found += [_change(outlet, each, key) for each in own for key in _keys(each, partition_key)]
    return found


def _keys(said: Mapping[str, Any], partition_key: str) -> Sequence[str]:
    return said.get("partition_keys") or (partition_key,)


def _change(outlet: Data, said: Mapping[str, Any], partition_key: str) -> Change:
    target = said["asset"] if "alias" in outlet else outlet
    mark = mark_of(target)
    return Change(
        name=mark.value if mark.kind == "name" else "",
        uri=target.get("uri", "") if "asset" in target else mark.value if mark.kind == "uri" else "",
        group=target.get("group", ""),
        asset_extra=target.get("extra", {}) if "asset" in target else None,
        extra=said.get("extra", {}),
        alias=outlet.get("alias", ""),
        partition_key=partition_key,
        freshness=target.get("freshness"),
    )
