"""DAGs by the API."""

from __future__ import annotations

from typing import Any

from scheduler.store import Database
from tests.webui.conftest import Browser
from tests.webui.test_api import call

DAGS = "/api/v2/dags"


def _ids(person: Browser, query: str) -> list[str]:
    answer = person.get(f"{DAGS}?{query}")
    assert answer.status_code == 200, answer.text
    return [dag["dag_id"] for dag in answer.get_json()["dags"]]


def test_dags_are_chosen_by_what_is_known_of_them(person: Browser) -> None:
    every = _ids(person, "")
    assert len(every) == 3
    for query, wanted in {
        "tags=critical&tags=nothing": ["orders_hourly"],
        "tags=critical&tags=nothing&tags_match_mode=all": [],
        "tags=critical&tags=shop&tags_match_mode=all": ["orders_hourly"],
        "dag_id_pattern=ORDERS": ["orders_hourly"],
        "dag_id_pattern=%25ders_h%25": ["orders_hourly"],
        "dag_id_pattern=~": every,
        "dag_id_prefix_pattern=rders": [],
        "dag_id_prefix_pattern=orders|nothing": ["orders_hourly"],
        "owners=shop&tags=critical": ["orders_hourly"],
        "order_by=-dag_id": every[::-1],
        "bundle_name=nobody": [],
        "timetable_type=CronTriggerTimetable&timetable_type=NoTimetable&owners=shop&tags=critical": [
            "orders_hourly"
        ],
        "timetable_type=NullTimetable": ["carrier_fanout"],
        "has_asset_schedule=true": [],
        "asset_dependency=x": [],
    }.items():
        assert _ids(person, query) == wanted, query


def test_dags_are_chosen_by_how_they_last_ran(person: Browser) -> None:
    failed = _ids(person, "last_dag_run_state=failed")
    assert _ids(person, "dag_run_state=failed&dag_run_state=queued") == failed
    assert _ids(person, "dag_run_start_date_gte=2030-01-01T00:00:00Z") == []
    assert sorted(_ids(person, "order_by=-last_run_start_date")) == _ids(person, "")


def test_the_details_of_a_dag_say_what_its_file_says(person: Browser) -> None:
    found: dict[str, Any] = person.get(f"{DAGS}/orders_hourly/details").get_json()
    assert found["timetable_summary"] == "5 * * * *"
    assert found["params"]["limit"]["schema"]["minimum"] == 1
    assert found["latest_dag_version"]["version_number"] >= 1


def test_dags_that_a_pattern_names_are_paused_together(person: Browser, db: Database) -> None:
    nothing = call(person, "PATCH", DAGS, {"is_paused": True})
    assert nothing.get_json() == {"dags": [], "total_entries": 0}
    done = call(person, "PATCH", f"{DAGS}?dag_id_pattern=~&limit=1", {"is_paused": True}).get_json()
    assert (len(done["dags"]), done["total_entries"]) == (1, 3)
    assert len(_ids(person, "paused=true")) == 3


def test_tags_are_listed(person: Browser) -> None:
    found = person.get("/api/v2/dagTags?tag_name_pattern=crit").get_json()
    assert found == {"tags": ["critical"], "total_entries": 1}
