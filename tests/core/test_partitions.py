"""Keys of partitions: which run they count for, and when enough of them have come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import (
    AllowedKeyMapper,
    Asset,
    ChainMapper,
    CronPartitionTimetable,
    DayWindow,
    FanOutMapper,
    FixedKeyMapper,
    HourWindow,
    IdentityMapper,
    MinimumCount,
    MonthWindow,
    PartitionedAssetTimetable,
    PartitionMapper,
    ProductMapper,
    QuarterWindow,
    RollupMapper,
    SegmentWindow,
    StartOfDayMapper,
    StartOfHourMapper,
    StartOfMonthMapper,
    StartOfQuarterMapper,
    StartOfWeekMapper,
    StartOfYearMapper,
    WeekWindow,
    Window,
    YearWindow,
)
from scheduler.core.assets import Mark
from scheduler.core.partitions import (
    BadKey,
    check_partitions,
    date_of,
    expected_keys,
    is_complete,
    mapper_of,
    of_schedule,
    targets,
)
from scheduler.errors import BadDag
from scheduler.wire import DagSpec

KEY = "2024-03-13T10:42:15"
WEEK = FanOutMapper(upstream_mapper=StartOfWeekMapper(), window=WeekWindow())
MOMENTS = st.integers(630_000_000, 3_800_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@pytest.mark.parametrize(
    ("mapper", "key", "expected"),
    [
        (IdentityMapper(), "eu", ["eu"]),
        (StartOfHourMapper(), KEY, ["2024-03-13T10"]),
        (StartOfDayMapper(), KEY, ["2024-03-13"]),
        (StartOfWeekMapper(), KEY, ["2024-03-11 (W11)"]),
        (StartOfMonthMapper(), KEY, ["2024-03"]),
        (StartOfQuarterMapper(), KEY, ["2024-Q1"]),
        (StartOfYearMapper(), KEY, ["2024"]),
        (StartOfDayMapper(timezone="Asia/Tokyo", input_format="%Y-%m-%dT%H%z"), "2024-03-13T20+0000", ["2024-03-14"]),
        (ProductMapper(IdentityMapper(), StartOfDayMapper()), f"eu|{KEY}", ["eu|2024-03-13"]),
        (ProductMapper(IdentityMapper(), IdentityMapper(), delimiter="/"), "a/b", ["a/b"]),
        (ChainMapper(StartOfDayMapper(), StartOfMonthMapper(input_format="%Y-%m-%d")), KEY, ["2024-03"]),
        (AllowedKeyMapper(["eu", "us"]), "eu", ["eu"]),
        (FixedKeyMapper("all"), "eu", ["all"]),
        (RollupMapper(upstream_mapper=StartOfDayMapper(), window=DayWindow()), KEY, ["2024-03-13"]),
        (
            FanOutMapper(upstream_mapper=StartOfWeekMapper(), window=WeekWindow()),
            "2024-03-11T00:00:00",
            [f"2024-03-{day}" for day in range(11, 18)],
        ),
        (
            FanOutMapper(
                upstream_mapper=StartOfWeekMapper(), window=WeekWindow(direction=Window.Direction.BACKWARD)
            ),
            "2024-03-11T00:00:00",
            [f"2024-03-{day:02}" for day in range(5, 12)],
        ),
        (
            FanOutMapper(upstream_mapper=StartOfQuarterMapper(), window=QuarterWindow()),
            KEY,
            ["2024-01", "2024-02", "2024-03"],
        ),
    ],
)  # fmt: skip
def test_a_key_counts_for(mapper, key, expected):
    assert list(targets(mapper.to_data(), key)) == expected


@pytest.mark.parametrize(
    ("mapper", "key"),
    [
        (StartOfDayMapper(), "yesterday"),
        (AllowedKeyMapper(["eu"]), "us"),
        (ProductMapper(IdentityMapper(), IdentityMapper()), "only-one"),
        (
            FanOutMapper(upstream_mapper=StartOfYearMapper(), window=YearWindow(), max_downstream_keys=11),
            KEY,
        ),
        (ProductMapper(IdentityMapper(), WEEK), f"a|{KEY}"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_mapped_is_told(mapper, key):
    with pytest.raises(BadKey, match=key.partition("|")[0]):
        targets(mapper.to_data(), key)


@given(MOMENTS)
def test_a_roll_up_waits_for_each_key_that_counts_for_it(moment):
    pairs = [
        (StartOfHourMapper(), HourWindow(), 60, timedelta(minutes=1)),
        (StartOfDayMapper(), DayWindow(), 24, timedelta(hours=1)),
        (StartOfWeekMapper(), WeekWindow(), 7, timedelta(days=1)),
    ]
    for mapper, window, count, step in pairs:
        rollup = RollupMapper(upstream_mapper=mapper, window=window).to_data()
        (target,) = targets(rollup, moment.strftime("%Y-%m-%dT%H:%M:%S"))
        keys = expected_keys(rollup, target)
        assert len(keys) == count
        assert {found for key in keys for found in targets(rollup, key)} == {target}
        assert step


@given(
    MOMENTS,
    st.sampled_from([(StartOfMonthMapper(), MonthWindow()), (StartOfQuarterMapper(), QuarterWindow())]),
)
def test_so_do_those_of_months(moment, pair):
    mapper, window = pair
    rollup = RollupMapper(upstream_mapper=mapper, window=window).to_data()
    (target,) = targets(rollup, moment.strftime("%Y-%m-%dT%H:%M:%S"))
    assert {found for key in expected_keys(rollup, target) for found in targets(rollup, key)} == {target}


def test_it_begins_once_all_have_come_or_as_many_as_it_says():
    regions = {"eu", "us", "apac"}

    def rollup(wait=None):
        return RollupMapper(
            upstream_mapper=FixedKeyMapper("all"), window=SegmentWindow(regions), wait_policy=wait
        ).to_data()

    assert is_complete(rollup(), "all", regions)
    assert not is_complete(rollup(), "all", {"eu", "us", "mars"})
    assert is_complete(rollup(MinimumCount(2)), "all", {"eu", "us"})
    assert not is_complete(rollup(MinimumCount(2)), "all", {"eu"})
    assert is_complete(rollup(MinimumCount(-2)), "all", {"eu"})


@pytest.mark.parametrize(
    ("mapper", "key", "at"),
    [
        (IdentityMapper(), "2024", None),
        (StartOfDayMapper(), "2024-03-13", datetime(2024, 3, 13, tzinfo=UTC)),
        (StartOfWeekMapper(), "2024-03-11 (W11)", datetime(2024, 3, 11, tzinfo=UTC)),
        (StartOfQuarterMapper(), "2024-Q3", datetime(2024, 7, 1, tzinfo=UTC)),
        (ProductMapper(IdentityMapper(), StartOfYearMapper()), "eu|2024", datetime(2024, 1, 1, tzinfo=UTC)),
        (ProductMapper(IdentityMapper(), IdentityMapper()), "eu|2024", None),
    ],
)
def test_a_key_of_time_names_when_its_part_begins(mapper, key, at):
    assert date_of(mapper.to_data(), key) == at


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({}, "2026-03-01T06:00:00"),
        ({"run_offset": -1}, "2026-02-28T06:00:00"),
        ({"run_offset": 2, "key_format": "%d.%m."}, "03.03."),
        ({"timezone": "Asia/Tokyo", "key_format": "%H"}, "06"),
    ],
)
def test_a_run_of_a_cron_makes_the_partition_of_its_instant(more, key):
    timetable = CronPartitionTimetable("0 6 * * *", **{"timezone": "UTC", **more})
    spec = DagSpec(dag_id="x", file="x.py", schedule=timetable.to_spec(), timezone=str(timetable.timezone))
    hour = 21 if timetable.timezone == "Asia/Tokyo" else 6
    assert of_schedule(spec, datetime(2026, 3, 1, hour, tzinfo=UTC))[0] == key


def test_a_mapper_is_found_by_name_by_uri_or_as_the_default():
    orders, prices = Asset("orders", "s3://shop/orders"), Asset("prices")
    spec = PartitionedAssetTimetable(
        assets=orders & prices,
        partition_mapper_config={Asset.ref(uri="s3://shop/orders"): StartOfDayMapper()},
        default_partition_mapper=StartOfYearMapper(),
    ).to_spec()
    assert spec.partitions
    marks = {Mark("name", "orders"), Mark("uri", "s3://shop/orders")}
    assert mapper_of(spec.partitions, marks)["of"] == "day"
    assert mapper_of(spec.partitions, {Mark("name", "prices")})["of"] == "year"
    check_partitions("It", spec.partitions)


@pytest.mark.parametrize(
    "partitions",
    [{}, {"default": {"kind": "own"}, "by": []}, {"default": {"kind": "chain", "mappers": [{}]}, "by": []}],
)
def test_what_is_no_mapper_is_refused(partitions):
    with pytest.raises(BadDag, match="It maps partitions"):
        check_partitions("It", partitions)


class Own(PartitionMapper):
    pass


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Own().to_data(), "'Own': the scheduler maps keys by Dirigent's own mappers only"),
        (lambda: Window().to_data(), "'Window': the scheduler knows Dirigent's own windows only"),
        (lambda: MinimumCount(0), "n=0: give a whole number above zero"),
        (lambda: AllowedKeyMapper([]), "allowed_keys=.*give texts"),
        (lambda: RollupMapper(upstream_mapper=IdentityMapper(), window=DayWindow()), "does not fit IdentityMapper"),
        (lambda: FanOutMapper(upstream_mapper=StartOfHourMapper(), window=HourWindow()), "HourWindow has none"),
        (lambda: PartitionedAssetTimetable(assets=[]), "cannot be empty"),
        (lambda: IdentityMapper(max_downstream_keys=0), "whole number of at least 1"),
        (lambda: HourWindow(direction="sideways"), "give one of forward, backward"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_where_it_is_written(make, words):
    with pytest.raises(BadDag, match=words):
        make()
