"""What a task keeps for its own next attempts, and what is kept with an asset for whoever works on it.

`task_state_store` and `asset_state_store` in the context of a running task, with Airflow's names. Values are what
tasks can hand on (`sdk.xcom`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

from scheduler.errors import BadParams
from scheduler.sdk.context import current_attempt, current_channel
from scheduler.sdk.xcom import decode, encode
from scheduler.wire import STATE_NEVER_EXPIRES

#: As the retention of a key: it is kept as long as its run.
NEVER_EXPIRE: Final = timedelta.max


class _Store:
    """Keys and values; `aget`, `aset` and the like ask from a thread, so that the event loop goes on."""

    _name = "task_state_store"
    _asset: str | None = None

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is kept under the key, or `default`."""
        found = current_channel(self._name).get_state(key, asset=self._asset)
        return default if found is None else decode(found)

    def set(self, key: str, value: Any) -> None:
        """Keep a value under the key, in place of the one before. At most 1 MB as JSON; never None."""
        self._keep(key, value, None)

    def delete(self, key: str) -> None:
        """Forget the key; nothing happens where there is none."""
        current_channel(self._name).delete_state(key, asset=self._asset)

    def clear(self) -> None:
        """Forget all keys."""
        current_channel(self._name).delete_state(None, asset=self._asset)

    def keys(self) -> list[str]:
        """Return the keys, in order."""
        return current_channel(self._name).state_keys(asset=self._asset)

    async def aget(self, key: str, default: Any = None) -> Any:
        """Do what `get` does."""
        return await _beside_loop(self.get, key, default)

    async def adelete(self, key: str) -> None:
        """Do what `delete` does."""
        await _beside_loop(self.delete, key)

    async def aclear(self) -> None:
        """Do what `clear` does."""
        await _beside_loop(self.clear)

    def _keep(self, key: str, value: Any, retention: float | str | None) -> None:
        if value is None:
            raise BadParams(f"{self._name} keeps no None under {key!r}: delete the key instead.")
        encoded = encode(value, what=f"What is kept under {key!r}")
        channel = current_channel(self._name)
        channel.set_state(key, encoded, asset=self._asset, retention=retention)


class TaskStateStore(_Store):
    """What this task instance keeps: its retries find it, and those that follow on a lost worker."""

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Keep a value; without `retention` for as long as the setting `task_state_days` says."""
        self._keep(key, value, _seconds(retention))

    async def aset(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Do what `set` does."""
        await _beside_loop(self._keep, key, value, _seconds(retention))


class AssetStateStore(_Store):
    """What is kept with one asset, from run to run, for every DAG."""

    _name = "asset_state_store"

    def __init__(self, asset: str) -> None:
        self._asset = asset

    async def aset(self, key: str, value: Any) -> None:
        """Do what `set` does."""
        await _beside_loop(self.set, key, value)

    def __repr__(self) -> str:
        return f"<AssetStateStore of {self._asset!r}>"


class AssetStateStores:
    """`asset_state_store[asset]`; a task with one asset among its inlets and outlets may leave the brackets out."""

    def __getitem__(self, asset: Any) -> AssetStateStore:
        return AssetStateStore(_name_of(asset))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(AssetStateStore(_only_asset()), name)


def _only_asset() -> str:
    """Return the one asset of the running task."""
    attempt = current_attempt()
    context: Mapping[str, Any] = attempt.context if attempt else {}
    named = [*context.get("inlets", ()), *context.get("outlets", ())]
    # An alias is no asset.
    names = sorted({_name_of(each) for each in named if type(each).__name__ != "AssetAlias"})
    if len(names) != 1:
        raise BadParams(
            f"The task has {len(names)} assets among its inlets and outlets: say which one is meant, as in "
            "asset_state_store[asset].get('key')."
        )
    return names[0]


def _name_of(asset: Any) -> str:
    name = asset if isinstance(asset, str) else getattr(asset, "name", None) or getattr(asset, "uri", None)
    if not isinstance(name, str):
        raise BadParams(f"asset_state_store[…] takes an asset or its name, not {asset!r}.")
    return name


def _seconds(retention: timedelta | None) -> float | str | None:
    if retention is None or retention == NEVER_EXPIRE:
        return None if retention is None else STATE_NEVER_EXPIRES
    if retention <= timedelta(0):
        raise BadParams(f"retention={retention!r}: give a time that is longer than nothing, or NEVER_EXPIRE.")
    return retention.total_seconds()


async def _beside_loop(call: Callable[..., Any], *args: Any) -> Any:
    """Wait in a thread. Where a coroutine runs asyncio is loaded; nothing else need load it."""
    return await import_module("asyncio").to_thread(call, *args)
