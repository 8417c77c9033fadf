"""What a running task says of the assets that it changes, and reads of the events of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from scheduler.errors import BadDag
from scheduler.sdk.assets import Asset, AssetAlias, AssetRef, BaseAsset, Metadata
from scheduler.sdk.channel import Channel
from scheduler.sdk.instance import instant
from scheduler.sdk.xcom import decode, encode
from scheduler.wire import MOST_PARTITIONS, Data

if TYPE_CHECKING:
    from scheduler.sdk.operator import BaseOperator

_LONGEST_KEY: Final = 250


class SourceRun(NamedTuple):
    """The run whose task made an event, as far as it is kept."""

    dag_id: str
    run_id: str
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None


@dataclass(frozen=True, slots=True)
class AssetEvent:
    """One change of an asset."""

    id: int
    asset: Asset
    timestamp: datetime
    extra: dict[str, Any]
    source_dag_id: str | None
    source_run_id: str | None
    source_task_id: str | None
    source_map_index: int
    partition_key: str | None
    source_aliases: tuple[str, ...]
    source_dag_run: SourceRun | None

    @property
    def uri(self) -> str:
        """Where the asset lies."""
        return self.asset.uri


def event_of(data: Mapping[str, Any]) -> AssetEvent:
    """Read an event from what the channel answers."""
    moments = (instant(each) for each in data["interval"])
    run = SourceRun(data["dag_id"], data["run_id"], *moments) if data["run_id"] else None
    at = instant(data["at"])
    assert at is not None
    return AssetEvent(
        id=data["id"],
        asset=Asset(data["name"], data["uri"], group=data["group"], extra=data["asset_extra"]),
        timestamp=at,
        extra=decode(data["extra"]),
        source_dag_id=data["dag_id"] or None,
        source_run_id=data["run_id"] or None,
        source_task_id=data["task_id"] or None,
        source_map_index=int(data["path"].rpartition(".")[2] or -1),
        partition_key=data["partition_key"] or None,
        source_aliases=tuple(data["aliases"]),
        source_dag_run=run,
    )


@dataclass(slots=True)
class Saying:
    """What a task says of one of its outlets: `outlet_events[asset].extra["rows"] = 7`."""

    outlet: BaseAsset
    extra: dict[str, Any] = field(default_factory=dict)
    partition_keys: list[str] = field(default_factory=list)
    added: list[tuple[Asset | AssetRef, dict[str, Any]]] = field(default_factory=list)

    def add(self, asset: Asset | AssetRef, extra: Mapping[str, Any] | None = None) -> None:
        """Say that under this alias an asset has changed."""
        if not isinstance(self.outlet, AssetAlias):
            raise BadDag(
                f"{self.outlet!r} is no AssetAlias: give it its own extra, with `.extra[...] = ...`."
            )
        self.added.append((asset, dict(extra or {})))

    def add_partitions(self, keys: str | Sequence[str]) -> None:
        """Say which partitions of the asset have changed: an event for each."""
        if isinstance(self.outlet, AssetAlias):
            raise BadDag("An AssetAlias has no partitions; name those of an asset.")
        for key in [keys] if isinstance(keys, str) else keys:
            if not str(key).strip() or len(key) > _LONGEST_KEY:
                raise BadDag(
                    f"The partition {key!r} has no key: give a text of 1 to {_LONGEST_KEY} characters."
                )
            if key not in self.partition_keys:
                self.partition_keys.append(key)
        if len(self.partition_keys) > MOST_PARTITIONS:
            raise BadDag(f"A task names at most {MOST_PARTITIONS:,} partitions of an asset.")

    def collected(self) -> list[Data]:
        """Return it as an outcome carries it (`core.assets.changes_of`)."""
        of = list(_mark(self.outlet))
        if isinstance(self.outlet, AssetAlias):
            return [
                {"of": of, "asset": asset.to_data(), "extra": _plain({**self.extra, **extra})}
                for asset, extra in self.added
            ]
        keys = {"partition_keys": self.partition_keys} if self.partition_keys else {}
        return [{"of": of, "extra": _plain(self.extra), **keys}] if self.extra or keys else []


class _ByAsset:
    """Things that are asked for by asset, alias or reference; or by name, as templates do."""

    def for_asset(self, *, name: str = "", uri: str = "") -> Any:
        """Return that of an asset."""
        return self[Asset(name, uri) if name and uri else Asset.ref(name=name, uri=uri)]

    def for_asset_alias(self, *, name: str) -> Any:
        """Return that of an alias."""
        return self[AssetAlias(name)]

    def __getitem__(self, key: Any) -> Any:
        raise NotImplementedError


class OutletEvents(_ByAsset, Mapping[BaseAsset, Saying]):
    """What a task says of its outlets: `outlet_events[asset]`."""

    def __init__(self, task_id: str, outlets: Sequence[Any]) -> None:
        self._task_id = task_id
        self._said = {_mark(each): Saying(each) for each in outlets}
        self._uris = {each.uri: _mark(each) for each in outlets if isinstance(each, Asset)}

    def __getitem__(self, key: Any) -> Saying:
        mark = _mark(key)
        if mark[0] == "uri" and mark not in self._said:
            mark = self._uris.get(mark[1], mark)
        if mark not in self._said:
            known = ", ".join(value for _, value in self._said) or "none"
            raise BadDag(
                f"Task {self._task_id!r} has no outlet {key!r}; name it in outlets=. It has: {known}."
            )
        return self._said[mark]

    def __iter__(self) -> Iterator[BaseAsset]:
        return (each.outlet for each in self._said.values())

    def __len__(self) -> int:
        return len(self._said)

    def drained(self, result: Any) -> Any:
        """Take the Metadata that a function yields; return what it returns."""
        if not isinstance(result, GeneratorType):
            return result
        while True:
            try:
                self._take(next(result))
            except StopIteration as end:
                return end.value

    def _take(self, said: Any) -> None:
        if not isinstance(said, Metadata):
            raise BadDag(
                f"Task {self._task_id!r} yielded {said!r}: a task yields Metadata(asset, extra) only."
            )
        if said.alias is not None:
            self[said.alias].add(said.asset, said.extra)
        else:
            self[said.asset].extra.update(said.extra)

    def collected(self) -> tuple[Data, ...] | None:
        """Return all that was said, as an outcome carries it."""
        return tuple(each for saying in self._said.values() for each in saying.collected()) or None


class InletEvents(_ByAsset, Mapping[BaseAsset, "EventQuery"]):
    """The events of a task's inlets: `inlet_events[asset]`, or by place: `inlet_events[0]`."""

    def __init__(self, channel: Channel, inlets: Sequence[Any]) -> None:
        self._channel = channel
        self._inlets = inlets

    def __getitem__(self, key: Any) -> EventQuery:
        return EventQuery(self._channel, _mark(self._inlets[key] if isinstance(key, int) else key))

    def __iter__(self) -> Iterator[BaseAsset]:
        return iter(self._inlets)

    def __len__(self) -> int:
        return len(self._inlets)


class EventQuery(Sequence[AssetEvent]):
    """Events of one asset or alias, the oldest first; read when they are asked for."""

    def __init__(self, channel: Channel, mark: tuple[str, str]) -> None:
        self._channel = channel
        self._asked: Data = {"kind": mark[0], "value": mark[1]}

    def after(self, moment: datetime | str) -> Self:
        """Return those from an instant on."""
        return self._with("after", moment if isinstance(moment, str) else moment.isoformat())

    def before(self, moment: datetime | str) -> Self:
        """Return those up to an instant."""
        return self._with("before", moment if isinstance(moment, str) else moment.isoformat())

    def ascending(self, ascending: bool = True) -> Self:
        """Return them oldest first, or newest first."""
        return self._with("ascending", ascending)

    def limit(self, limit: int) -> Self:
        """Return no more than this many."""
        return self._with("limit", limit)

    def _with(self, name: str, value: Any) -> Self:
        self._asked[name] = value
        vars(self).pop("_events", None)
        return self

    @cached_property
    def _events(self) -> list[AssetEvent]:
        return [event_of(each) for each in self._channel.asset_events(**self._asked)]

    def __getitem__(self, index: Any) -> Any:
        return self._events[index]

    def __len__(self) -> int:
        return len(self._events)


class TriggeringEvents(_ByAsset, Mapping[BaseAsset, list[AssetEvent]]):
    """The events that began a run, by asset and alias; read when they are asked for."""

    def __init__(self, read: Callable[[], Sequence[Data]]) -> None:
        self._read = read

    @cached_property
    def _events(self) -> dict[BaseAsset, list[AssetEvent]]:
        found: dict[BaseAsset, list[AssetEvent]] = {}
        for event in map(event_of, self._read()):
            for key in (event.asset, *map(AssetAlias, event.source_aliases)):
                found.setdefault(key, []).append(event)
        return found

    def __getitem__(self, key: Any) -> list[AssetEvent]:
        mark = _mark(key)
        for each, events in self._events.items():
            if mark == _mark(each) or (isinstance(each, Asset) and mark == ("uri", each.uri)):
                return events
        raise KeyError(key)

    def __iter__(self) -> Iterator[BaseAsset]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)


def _mark(key: Any) -> tuple[str, str]:
    """Return by what events of an asset, alias or reference are known."""
    if isinstance(key, str):
        return "name", key
    if not isinstance(key, BaseAsset):
        raise BadDag(f"{key!r} is no asset; give Asset(...), AssetAlias(...) or Asset.ref(...).")
    return key.mark


def _plain(extra: Mapping[str, Any]) -> Any:
    return encode(dict(extra), what="The extra of an asset event")


def context_of(task: BaseOperator, channel: Channel, run_type: str) -> dict[str, Any]:
    """Return what the context of a task holds that has to do with events of assets."""
    return {
        "inlet_events": InletEvents(channel, task.inlets),
        "outlet_events": OutletEvents(task.task_id, task.outlets),
        "triggering_asset_events": TriggeringEvents(
            channel.triggering_events if run_type == "asset_triggered" else list
        ),
    }
