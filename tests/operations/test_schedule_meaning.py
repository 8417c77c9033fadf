"""Somebody says what the schedule of a DAG means, and it is read so from then on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduler.core.timetables import Due
from scheduler.errors import Conflict, NotFound
from scheduler.operations.schedule_meaning import list_unsure, preview_meanings, set_meaning
from scheduler.store.dags import find_dag
from scheduler.store.origins import DagOrigin, load_origins, put_origins
from scheduler.store.versions import load_graph
from scheduler.wire import ScheduleSpec
from tests.store.specs import NOW, add_dag, spec

UNSURE = spec(schedule=ScheduleSpec(kind="cron", cron="0 6 * * *", meaning="unsure"))
TODAY, TOMORROW = datetime(2026, 11, 21, 6, tzinfo=UTC), datetime(2026, 11, 22, 6, tzinfo=UTC)


def test_an_answer_is_in_force_at_once_and_kept_for_the_next_parse(db, write):
    write(add_dag, UNSURE)
    write(add_dag, spec("plain"))
    assert write(list_unsure) == ["shop"]
    db.wake.wait(0)
    write(set_meaning, NOW, "shop", "interval", actor="cli")
    assert db.wake.wait(0)
    row = write(find_dag, "shop")
    assert (row.next_run_at, write(load_graph, row.version_id).schedule.kind) == (TOMORROW, "cron_interval")
    assert write(load_origins, ["shop"])["shop"].schedule_meaning == "interval"
    assert write(list_unsure) == []
    write(set_meaning, NOW, "shop", "trigger", actor="cli")
    assert write(load_graph, write(find_dag, "shop").version_id).schedule.kind == "cron"


def test_both_meanings_are_shown_counted_from_the_last_run(write):
    write(add_dag, UNSURE)
    write(put_origins, [DagOrigin(dag_id="shop", last=Due(TODAY, TODAY, TODAY, TODAY))])
    choice = write(preview_meanings, NOW, "shop")
    assert choice.meaning == "unsure"
    assert choice.runs["trigger"][0] == Due(TOMORROW, TOMORROW, TOMORROW, TOMORROW)
    assert choice.runs["interval"][0] == Due(TOMORROW, TODAY, TODAY, TOMORROW)
    assert {len(runs) for runs in choice.runs.values()} == {3}


def test_what_cannot_be_said_is_refused(write):
    write(add_dag, spec("plain"))
    write(add_dag, UNSURE)
    with pytest.raises(Conflict, match="means one thing only"):
        write(preview_meanings, NOW, "plain")
    with pytest.raises(Conflict, match="say trigger or interval"):
        write(set_meaning, NOW, "shop", "both", actor="cli")
    with pytest.raises(NotFound):
        write(set_meaning, NOW, "none", "trigger", actor="cli")
