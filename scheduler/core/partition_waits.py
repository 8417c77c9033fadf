"""What a run of a partition still waits for, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from scheduler.core.assets import Mark, in_words, leaves, mark_of
from scheduler.core.partitions import BadKey, expected_keys, is_complete, mapper_of
from scheduler.wire import Data

#: Keys that are named of those that have not come.
_NAMED: Final = 3


def lacking(
    expression: Data, partitions: Data, target: str, arrived: Mapping[str, tuple[Collection[Mark], set[str]]]
) -> list[str]:
    """Return of which assets too little has come for the run of a key.

    `arrived`: by the name of each asset that has changed, its marks and the keys of its events.
    """
    return [words for leaf in leaves(expression) if (words := _lack(leaf, partitions, target, arrived))]


def _lack(
    leaf: Data, partitions: Data, target: str, arrived: Mapping[str, tuple[Collection[Mark], set[str]]]
) -> str:
    own = [(marks, keys) for marks, keys in arrived.values() if mark_of(leaf) in marks]
    if not own:
        return f"{in_words(leaf)}: nothing has come"
    try:
        if any(is_complete(mapper_of(partitions, marks), target, keys) for marks, keys in own):
            return ""
        marks, keys = own[0]
        expected = expected_keys(mapper_of(partitions, marks), target)
    except BadKey:
        return f"{in_words(leaf)}: no event leads to this partition any more"
    missing = sorted(expected - keys)
    named = ", ".join(missing[:_NAMED]) + (
        f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    )
    return f"{in_words(leaf)}: {len(expected & keys)} of {len(expected)} have come; not {named}"
