"""Partitions: runs that each make a part of an asset, known by a key, and DAGs that run for each part of others'.

Mappers say which keys belong together. The scheduler reads them as plain data: there are none of one's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import tzinfo
from enum import StrEnum
from typing import Any, ClassVar, Final, NoReturn

from scheduler.sdk.arguments import bad_argument, read_choice, read_count
from scheduler.sdk.assets import BaseAsset, every_one
from scheduler.sdk.schedule import CronTriggerTimetable, Late, Zone
from scheduler.wire import Data, ScheduleSpec

_HOURLY: Final = "%Y-%m-%dT%H:%M:%S"


class PartitionMapper:
    """Says for which keys of runs a key counts that comes."""

    is_of_time: ClassVar[bool] = False

    def __init__(self, *, max_downstream_keys: int | None = None) -> None:
        self.most = (
            None
            if max_downstream_keys is None
            else read_count("max_downstream_keys", max_downstream_keys, minimum=1)
        )

    def to_data(self) -> Data:
        """Return the plain form (`core.partitions`)."""
        most = {} if self.most is None else {"most": self.most}
        return {**self._data(), **most}

    def _data(self) -> Data:
        raise bad_argument(
            "partition mapper", type(self).__name__, "the scheduler maps keys by Dirigent's own mappers only"
        )


class IdentityMapper(PartitionMapper):
    """Each key is that of a run."""

    def _data(self) -> Data:
        return {"kind": "identity"}


class _StartMapper(PartitionMapper):
    is_of_time = True
    of: ClassVar[str]
    output: ClassVar[str]

    def __init__(
        self,
        *,
        timezone: str | tzinfo = "UTC",
        input_format: str = _HOURLY,
        output_format: str | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        zone = timezone if isinstance(timezone, str) else getattr(timezone, "key", None) or str(timezone)
        self.timezone, self.input_format = zone, input_format
        self.output_format = output_format or self.output

    def _data(self) -> Data:
        return {
            "kind": "start",
            "of": self.of,
            "timezone": self.timezone,
            "input": self.input_format,
            "output": self.output_format,
        }


class StartOfHourMapper(_StartMapper):
    """The hour in which a key lies: `2026-03-13T10:42:15` counts for `2026-03-13T10`."""

    of, output = "hour", "%Y-%m-%dT%H"


class StartOfDayMapper(_StartMapper):
    """The day in which a key lies: `2026-03-13`."""

    of, output = "day", "%Y-%m-%d"


class StartOfWeekMapper(_StartMapper):
    """The week in which a key lies, by its Monday: `2026-03-09 (W11)`."""

    of, output = "week", "%Y-%m-%d (W%V)"


class StartOfMonthMapper(_StartMapper):
    """The month in which a key lies: `2026-03`."""

    of, output = "month", "%Y-%m"


class StartOfQuarterMapper(_StartMapper):
    """The quarter in which a key lies: `2026-Q1`."""

    of, output = "quarter", "%Y-Q{quarter}"


class StartOfYearMapper(_StartMapper):
    """The year in which a key lies: `2026`."""

    of, output = "year", "%Y"


class _Several(PartitionMapper):
    def __init__(
        self,
        mapper0: PartitionMapper,
        mapper1: PartitionMapper,
        /,
        *mappers: PartitionMapper,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.mappers = [_mapper("mapper", each) for each in (mapper0, mapper1, *mappers)]


class ProductMapper(_Several):
    """Keys of several parts, `eu|2026-03-13`: a mapper for each part."""

    def __init__(self, *mappers: PartitionMapper, delimiter: str = "|", **more: Any) -> None:
        super().__init__(*mappers, **more)
        self.delimiter = delimiter

    def _data(self) -> Data:
        return {
            "kind": "product",
            "mappers": [each.to_data() for each in self.mappers],
            "delimiter": self.delimiter,
        }


class ChainMapper(_Several):
    """One mapper after the other."""

    def _data(self) -> Data:
        return {"kind": "chain", "mappers": [each.to_data() for each in self.mappers]}


class AllowedKeyMapper(PartitionMapper):
    """Each key is that of a run, if it is one of these; others begin none."""

    def __init__(self, allowed_keys: Collection[str], *, max_downstream_keys: int | None = None) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.allowed_keys = _keys("allowed_keys", allowed_keys)

    def _data(self) -> Data:
        return {"kind": "allowed", "keys": self.allowed_keys}


class FixedKeyMapper(PartitionMapper):
    """All keys count for one."""

    def __init__(self, downstream_key: str, *, max_downstream_keys: int | None = None) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        (self.downstream_key,) = _keys("downstream_key", [downstream_key])

    def _data(self) -> Data:
        return {"kind": "fixed", "key": self.downstream_key}


class Direction(StrEnum):
    """Whether a window begins with its key, or ends with it."""

    FORWARD = "forward"
    BACKWARD = "backward"


class Window:
    """What a span of time is made of, or a set of keys."""

    Direction = Direction
    of: ClassVar[str] = ""
    is_of_time: ClassVar[bool] = True
    #: The mapper that writes its members as keys, where a fan-out names none.
    into: ClassVar[type[_StartMapper] | None] = None

    def __init__(self, *, direction: str = "forward") -> None:
        self.direction = read_choice("direction", direction, Direction)

    def to_data(self) -> Data:
        """Return the plain form."""
        if not self.of:
            raise bad_argument(
                "window", type(self).__name__, "the scheduler knows Dirigent's own windows only"
            )
        return {"of": self.of, "backward": self.direction == "backward"}


class HourWindow(Window):
    """The sixty minutes of an hour."""

    of = "hour"


class DayWindow(Window):
    """The 24 hours of a day."""

    of, into = "day", StartOfHourMapper


class WeekWindow(Window):
    """The seven days of a week."""

    of, into = "week", StartOfDayMapper


class MonthWindow(Window):
    """The days of a month."""

    of, into = "month", StartOfDayMapper


class QuarterWindow(Window):
    """The three months of a quarter."""

    of, into = "quarter", StartOfMonthMapper


class YearWindow(Window):
    """The twelve months of a year."""

    of, into = "year", StartOfMonthMapper


class SegmentWindow(Window):
    """A set of keys: regions, shops."""

    is_of_time = False

    def __init__(self, segments: Iterable[str]) -> None:
        super().__init__()
        self.segments = sorted(set(_keys("segments", list(segments))))

    def to_data(self) -> Data:
        """Return the plain form."""
        return {"segments": self.segments}


class WaitForAll:
    """A roll-up waits for all keys of its window."""

    least: int | None = None


class MinimumCount:
    """A roll-up waits for so many keys; of a negative number, for all but so many."""

    def __init__(self, n: int) -> None:
        if type(n) is not int or n == 0:
            raise bad_argument("n", n, "give a whole number above zero, or below: all but so many")
        self.n = self.least = n


class RollupMapper(PartitionMapper):
    """Many keys count for one: a run for a day once its 24 hours have come."""

    def __init__(
        self,
        *,
        upstream_mapper: PartitionMapper,
        window: Window,
        wait_policy: WaitForAll | MinimumCount | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.upstream_mapper = _fitting(upstream_mapper, window)
        self.window = window
        self.wait_policy = wait_policy or WaitForAll()

    def _data(self) -> Data:
        return {
            "kind": "rollup",
            "mapper": self.upstream_mapper.to_data(),
            "window": self.window.to_data(),
            "least": self.wait_policy.least,
        }


class FanOutMapper(PartitionMapper):
    """One key counts for many: a week begins a run for each of its days."""

    def __init__(
        self,
        *,
        upstream_mapper: PartitionMapper,
        window: Window,
        downstream_mapper: PartitionMapper | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.upstream_mapper = _fitting(upstream_mapper, window)
        self.window = window
        if downstream_mapper is None and window.into is None:
            raise bad_argument(
                "downstream_mapper", None, f"give one: {type(window).__name__} has none by itself"
            )
        self.downstream_mapper = downstream_mapper or (window.into or IdentityMapper)()

    def _data(self) -> Data:
        return {
            "kind": "fan_out",
            "mapper": self.upstream_mapper.to_data(),
            "window": self.window.to_data(),
            "into": self.downstream_mapper.to_data(),
        }


class CronPartitionTimetable:
    """A run at each instant of a cron expression, for the partition of that instant, or of one `run_offset` away."""

    def __init__(
        self,
        cron: str,
        *,
        timezone: Zone,
        run_offset: int | None = None,
        run_immediately: Late = False,
        key_format: str = _HOURLY,
    ) -> None:
        self.timetable = CronTriggerTimetable(cron, timezone, run_immediately=run_immediately)
        if type(run_offset) not in (int, type(None)):
            raise bad_argument("run_offset", run_offset, "give a whole number of instants")
        self.run_offset, self.key_format = run_offset or 0, key_format

    @property
    def timezone(self) -> Zone | None:
        """The time zone in which the expression is read, and the key is written."""
        return self.timetable.timezone

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        partitions = {"cron": {"offset": self.run_offset, "format": self.key_format}}
        return replace(self.timetable.to_spec(), partitions=partitions)


class PartitionedAtRuntime:
    """Runs by hand; the partition is given with the trigger, or named by the tasks (`add_partitions`)."""

    timezone: Zone | None = None

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        return ScheduleSpec(partitions={"runtime": True})


class PartitionedAssetTimetable:
    """A run for each partition of assets: for each key that the mappers of these assets lead to."""

    timezone: Zone | None = None

    def __init__(
        self,
        *,
        assets: BaseAsset | Collection[BaseAsset],
        partition_mapper_config: Mapping[BaseAsset, PartitionMapper] | None = None,
        default_partition_mapper: PartitionMapper | None = None,
    ) -> None:
        self.assets = assets if isinstance(assets, BaseAsset) else every_one("assets", assets)
        self.default = _mapper("default_partition_mapper", default_partition_mapper or IdentityMapper())
        self.by = {
            each: _mapper("partition_mapper_config", mapper)
            for each, mapper in (partition_mapper_config or {}).items()
        }

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        by = [[*each.mark, mapper.to_data()] for each, mapper in self.by.items()]
        return ScheduleSpec(
            assets=self.assets.to_data(), partitions={"default": self.default.to_data(), "by": by}
        )


def _mapper(name: str, given: object) -> PartitionMapper:
    if not isinstance(given, PartitionMapper):
        raise bad_argument(name, given, "give a partition mapper, such as StartOfDayMapper()")
    return given


def _fitting(mapper: object, window: object) -> PartitionMapper:
    found = _mapper("upstream_mapper", mapper)
    if not isinstance(window, Window):
        _refuse(window)
    if found.is_of_time != window.is_of_time:
        raise bad_argument(
            "window",
            type(window).__name__,
            f"does not fit {type(mapper).__name__}: one is of time, one of keys",
        )
    return found


def _refuse(window: object) -> NoReturn:
    raise bad_argument("window", window, "give a window, such as DayWindow()")


def _keys(name: str, keys: Collection[object]) -> list[str]:
    found = [each for each in keys if isinstance(each, str) and each]
    if isinstance(keys, str) or not found or len(found) != len(keys):
        raise bad_argument(name, keys, "give texts that are not empty")
    return found
