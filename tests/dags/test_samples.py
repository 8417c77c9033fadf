"""The sample DAGs: each runs without a network, and none by itself."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.errors import BadParams
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.serialize import to_spec
from scheduler.sdk.variables import EnvironmentReader

DAGS = Path(__file__).parents[2] / "dags"
MOMENT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def sample(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return lambda name: load_file(str(DAGS), f"{name}.py", EnvironmentReader())[name]


@pytest.mark.parametrize(
    "name", ["flights_etl", "flights_by_carrier", "rebooking", "storm_watch", "wind_report"]
)
def test_no_sample_runs_by_itself(sample, name):
    spec = to_spec(sample(name), f"{name}.py")
    assert spec.schedule.kind == "none"
    assert "sample" in spec.tags


def test_the_etl_loads_and_reports_what_was_asked_for(sample):
    result = sample("flights_etl").test(run_conf={"first_day": 8, "last_day": 9, "pause": 0})
    assert result.is_success
    assert result.xcoms["publish"] == {"flights": 1614, "late": 217}
    report, chart = result.artifacts
    assert (report.name, report.media_type) == ("report.html", "text/html")
    assert b"<h1>Flights out of New York</h1>" in report.data
    assert b"JetBlue Airways" in report.data
    assert (chart.name, chart.media_type) == ("delays.svg", "image/svg+xml")
    labels = [each.text for each in ET.fromstring(chart.data).iter("{http://www.w3.org/2000/svg}text")]
    assert {"Feb 8", "Feb 9"} <= set(labels)


def test_the_etl_refuses_what_its_params_do_not_allow(sample):
    with pytest.raises(BadParams, match="'XX' is not one of"):
        sample("flights_etl").test(run_conf={"carrier": "XX"})
    result = sample("flights_etl").test(run_conf={"first_day": 9, "last_day": 8})
    assert "first_day 9 is after last_day 8" in result.errors["extract"].message
    assert result.tries["extract"] == 1


def test_the_etl_rehearses_a_failure_once_a_run(sample):
    conf = {"rehearse_failure": True, "pause": 0, "carrier": "AS"}
    first = sample("flights_etl").test(run_conf=conf, logical_date=MOMENT)
    assert (first.task_states["load"], first.tries["load"]) == ("failed", 1)
    again = sample("flights_etl").test(run_conf=conf, logical_date=MOMENT, variables=first.variables)
    assert again.is_success


def test_airlines_fan_out_and_are_ranked(sample):
    result = sample("flights_by_carrier").test()
    assert result.is_success
    assert len(result.task_states) == 17
    assert result.xcoms["airlines.AS"]["flights"] == 28
    assert result.xcoms["rank"][0] == "Alaska Airlines Inc."
    assert result.artifacts[0].data.count(b"\n") == 16


@pytest.mark.parametrize(("day", "taken", "dropped"), [(8, "warn", "all_clear"), (6, "all_clear", "warn")])
def test_the_weather_chooses_the_way_and_a_rerun_ends_well(sample, day, taken, dropped):
    first = sample("storm_watch").test(run_conf={"day": day}, logical_date=MOMENT)
    assert (first.task_states[taken], first.task_states[dropped]) == ("success", "skipped")
    assert (first.task_states["send_bulletin"], first.state) == ("failed", "failed")
    assert first.tries["ask_the_tower"] == 2
    again = sample("storm_watch").test(run_conf={"day": day}, logical_date=MOMENT, variables=first.variables)
    assert again.is_success
    assert again.xcoms["send_bulletin"].endswith("The tower answered on try 2.")


def test_a_day_without_weather_is_skipped(sample):
    result = sample("storm_watch").test(run_conf={"day": 20})
    assert result.is_success
    assert result.task_states["send_bulletin"] == "skipped"


def test_what_people_approve_is_rebooked_and_a_retry_goes_on_where_the_try_before_stopped(sample):
    answers = {"how_many": {"chosen_options": ["OK"], "params_input": {"flights": 6}}, "approve": "Approve"}
    result = sample("rebooking").test(answers=answers)
    assert result.is_success
    assert (result.xcoms["rebook"], result.tries["rebook"]) == (6, 2)
    assert "3 of 6 are done" in result.attempts[-1].log


def test_what_nobody_approves_in_time_is_left_alone(sample):
    result = sample("rebooking").test()
    assert result.task_states["rebook"] == "skipped"


@pytest.mark.parametrize(
    ("station", "states", "words"),
    [
        (
            "works",
            {"ask_station": "success", "read_archive": "skipped", "ask_neighbour": "skipped"},
            "station",
        ),
        (
            "fails",
            {"ask_station": "failed", "read_archive": "success", "ask_neighbour": "skipped"},
            "archive",
        ),
        (
            "closed",
            {"ask_station": "skipped", "read_archive": "skipped", "ask_neighbour": "success"},
            "neighbour",
        ),
    ],
)
def test_the_wind_is_reported_whatever_happens_to_its_source(sample, station, states, words):
    result = sample("wind_report").test(run_conf={"station": station})
    assert result.is_success
    assert result.task_states == {"choose_source": "success", "report": "success", **states}
    assert result.tries["ask_station"] == {"works": 1, "fails": 2, "closed": 0}[station]
    assert result.result.endswith(f"says the {words}.")
