"""Assets: what tasks read and make, by name. `Asset("orders", uri="s3://shop/orders")`.

A task changes its `outlets` when it succeeds; a DAG whose `schedule` is made of assets runs when these have changed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.asset_checks import FreshnessPolicy
from scheduler.sdk.deferral import BaseEventTrigger
from scheduler.sdk.schedule import Rhythm, Zone, read_schedule
from scheduler.sdk.xcom import encode
from scheduler.wire import Data, ScheduleSpec

_LONGEST: Final = 1500
#: Names that a function of `@asset` is given something else for.
_TAKEN: Final = frozenset({"self", "context"})
_REMEDY: Final = "give assets: Asset(...), AssetAlias(...), Asset.ref(...)"


class AssetLike(Protocol):
    """What may stand in `outlets`, `inlets` and `schedule`."""

    @property
    def mark(self) -> tuple[str, str]:
        """By what its events are known."""

    def to_data(self) -> Data:
        """Return the plain form (`core.assets`)."""


class BaseAsset:
    """What expressions over assets are made of; `&` and `|` join them. It is a schedule by itself."""

    timezone: ClassVar[None] = None

    def to_data(self) -> Data:
        """Return the plain form."""
        raise NotImplementedError

    @property
    def mark(self) -> tuple[str, str]:
        """By what its events are known: `name`, `uri` or `alias`, and which."""
        data = self.to_data()
        if "asset" in data:
            return "name", data["asset"]
        if "alias" in data:
            return "alias", data["alias"]
        if "ref" not in data:
            raise bad_argument("asset", self, "give a single asset")
        ((kind, value),) = data["ref"].items()
        return kind, value

    def to_spec(self) -> ScheduleSpec:
        """Return the schedule of a DAG that runs when this is met."""
        return ScheduleSpec(assets=self.to_data())

    def __and__(self, other: object) -> BaseAsset:
        return AssetAll(self, other) if isinstance(other, BaseAsset) else NotImplemented

    def __or__(self, other: object) -> BaseAsset:
        return AssetAny(self, other) if isinstance(other, BaseAsset) else NotImplemented


@dataclass(frozen=True, slots=True)
class AssetWatcher:
    """A trigger outside of any run, each event of which is one of the asset: a message, a file that came."""

    name: str
    trigger: BaseEventTrigger

    def __post_init__(self) -> None:
        if not isinstance(self.trigger, BaseEventTrigger):
            raise bad_argument("trigger", self.trigger, "give a trigger that derives from BaseEventTrigger")

    def to_data(self) -> Data:
        """Return the plain form."""
        path, kwargs = self.trigger.serialize()
        what = f"What the trigger of watcher {self.name!r} is made of"
        return {"name": _checked("name", self.name), "trigger": path, "kwargs": encode(kwargs, what=what)}


class Asset(BaseAsset):
    """Something that tasks make and read: a table, a file, a model. It is known by its name.

    `uri` says where it lies, `group` what kind it is, `extra` whatever else is to be said of it (JSON).
    One of name and URI stands for both. `access_control` is read by Airflow only: there are no teams here.
    """

    asset_type: ClassVar[str] = "asset"

    def __init__(
        self,
        name: str | None = None,
        uri: str | None = None,
        *,
        group: str | None = None,
        extra: Mapping[str, Any] | None = None,
        freshness: FreshnessPolicy | None = None,
        watchers: Iterable[AssetWatcher] = (),
        access_control: object = None,
    ) -> None:
        if name is None and uri is None:
            raise bad_argument("name", None, "an asset needs a name, or a URI")
        self.name = _checked("name", str(uri) if name is None else name)
        self.uri = _normal(_checked("uri", self.name if uri is None else str(uri)))
        self.group = self.asset_type if group is None else _checked("group", group)
        self.extra = _json("extra", extra or {})
        if not isinstance(freshness, FreshnessPolicy | None):
            raise bad_argument("freshness", freshness, "give FreshnessPolicy.time_window(...) or .cron(...)")
        self.freshness = freshness
        self.watchers = tuple(watchers)
        for each in self.watchers:
            if not isinstance(each, AssetWatcher):
                raise bad_argument("watchers", each, 'give AssetWatcher("name", trigger=...)')
        if self.name in _TAKEN:
            raise bad_argument(
                "name", name, "give another one: functions of @asset use this for something else"
            )

    @staticmethod
    def ref(*, name: str = "", uri: str = "") -> AssetRef:
        """Return a reference to an asset that another file declares, by its name or by its URI."""
        if bool(name) == bool(uri):
            raise bad_argument("Asset.ref", name or uri, "give either name= or uri=")
        return AssetNameRef(name) if name else AssetUriRef(uri)

    def to_data(self) -> Data:
        """Return the plain form."""
        plain = {"asset": self.name, "uri": self.uri, "group": self.group, "extra": self.extra}
        more: Data = {"watchers": [each.to_data() for each in self.watchers]} if self.watchers else {}
        return {**plain, **more, **({"freshness": self.freshness.to_data()} if self.freshness else {})}

    def __fspath__(self) -> str:
        return self.uri

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and (self.name, self.uri) == (other.name, other.uri)

    def __hash__(self) -> int:
        return hash((self.name, self.uri))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, uri={self.uri!r})"


class Dataset(Asset):
    """An asset of the group `dataset`: Airflow 2's name."""

    asset_type = "dataset"


class Model(Asset):
    """An asset of the group `model`."""

    asset_type = "model"


class AssetRef(BaseAsset):
    """A reference to an asset that is declared elsewhere; `Asset.ref()` makes it."""


@dataclass(frozen=True, slots=True)
class AssetNameRef(AssetRef):
    """A reference by name."""

    name: str

    def to_data(self) -> Data:
        """Return the plain form."""
        return {"ref": {"name": _checked("name", self.name)}}


@dataclass(frozen=True)
class AssetUriRef(AssetRef):
    """A reference by URI."""

    uri: str

    def to_data(self) -> Data:
        """Return the plain form."""
        return {"ref": {"uri": _normal(_checked("uri", self.uri))}}


@dataclass(frozen=True)
class AssetAlias(BaseAsset):
    """A name under which a running task says which assets it has changed: they need not be known before."""

    name: str
    group: str = field(default="asset", compare=False)

    def to_data(self) -> Data:
        """Return the plain form."""
        return {"alias": _checked("name", self.name), "group": self.group}


class _Joined(BaseAsset):
    way: ClassVar[str]

    def __init__(self, *objects: BaseAsset) -> None:
        for each in objects:
            if not isinstance(each, BaseAsset):
                raise bad_argument(type(self).__name__, each, _REMEDY)
        if not objects:
            raise bad_argument(type(self).__name__, (), _REMEDY)
        self.objects = tuple(self._flat(objects))

    def _flat(self, objects: Iterable[BaseAsset]) -> Iterator[BaseAsset]:
        for each in objects:
            if isinstance(each, _Joined) and each.way == self.way:
                yield from each.objects
            else:
                yield each

    def to_data(self) -> Data:
        """Return the plain form."""
        return {self.way: [each.to_data() for each in self.objects]}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.objects == other.objects

    def __hash__(self) -> int:
        return hash((self.way, self.objects))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.objects))})"


class AssetAll(_Joined):
    """Met once all of these have changed: `a & b`, or a list."""

    way = "all"


class AssetAny(_Joined):
    """Met once one of these has changed: `a | b`."""

    way = "any"


class AssetOrTimeSchedule:
    """Runs by a timetable, and besides whenever assets have changed."""

    def __init__(self, *, timetable: Rhythm | str, assets: BaseAsset | Collection[BaseAsset]) -> None:
        self.timetable: Rhythm = read_schedule(timetable)
        self.assets = assets if isinstance(assets, BaseAsset) else every_one("assets", assets)

    @property
    def timezone(self) -> Zone | None:
        """The time zone of the timetable."""
        return self.timetable.timezone

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        return replace(self.timetable.to_spec(), assets=self.assets.to_data())


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a task says of an asset that it changed: `yield Metadata(asset, {"rows": 7})`."""

    asset: Asset | AssetRef
    extra: Mapping[str, Any] = field(default_factory=dict)
    alias: AssetAlias | None = None


def every_one(name: str, given: Iterable[Any]) -> BaseAsset:
    """Return what is met once all of these have changed; raises BadDag for what is no asset."""
    found = read_assets(name, given)
    if not found:
        raise bad_argument(
            name, given, "a list of assets cannot be empty; leave it out for runs by hand only"
        )
    return found[0] if len(found) == 1 else AssetAll(*found)


def read_assets(name: str, given: Any) -> tuple[BaseAsset, ...]:
    """Read one asset or several; raises BadDag for what is none."""
    items: list[Any] = (
        [given] if isinstance(given, BaseAsset | str) or not isinstance(given, Iterable) else list(given)
    )
    if name == "outlets":
        items = [part for each in items for part in (each.objects if isinstance(each, AssetAll) else [each])]
    for each in items:
        if not isinstance(each, BaseAsset) or (name in ("inlets", "outlets") and isinstance(each, _Joined)):
            raise bad_argument(name, each, _REMEDY)
    return tuple(items)


def _checked(what: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise bad_argument(what, value, f"give a text of 1 to {_LONGEST} characters")
    return value


def _json(what: str, value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(json.loads(json.dumps(dict(value), allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise bad_argument(what, value, f"give a dict that is JSON: {error}") from None


def _normal(uri: str) -> str:
    """Return a URI as it is compared: without slashes at its end, a fragment, or who signs in."""
    parts = urlsplit(uri)
    if not parts.scheme or parts.scheme.startswith("x-"):
        return uri
    if parts.scheme == "airflow":
        raise bad_argument("uri", uri, "the scheme airflow:// is kept for Airflow itself; use another one")
    place = parts.netloc.rpartition("@")[2] if parts.password else parts.netloc
    query = urlencode(sorted(parse_qsl(parts.query)))
    return urlunsplit((parts.scheme, place, parts.path.rstrip("/") or "/", query, ""))
