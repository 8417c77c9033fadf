"""What happened to a task is drawn, an attempt below the other, true to time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from scheduler.store import Database, tables
from scheduler.store.views.runs import Event
from tests.webui.conftest import Browser
from tests.webui.seed import NOW
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID
from webui.stretches import WIDTH, Drawing, draw

#: Run, tried again, and run once more a day after.
LIFE = [
    (0, "scheduled"),
    (1, "queued"),
    (2, "running"),
    (10, "up_for_retry"),
    (40, "scheduled"),
    (40, "queued"),
    (42, "running"),
    (50, "failed"),
    (86_400, "none"),
    (86_401, "scheduled"),
    (86_401, "queued"),
    (86_403, "running"),
]


def drawn(life: list[tuple[int, str]], until: int) -> Drawing | None:
    events = [
        Event(place, NOW + timedelta(seconds=at), "task.state", "t", "", None, state, "scheduler", "")
        for place, (at, state) in enumerate(life)
    ]
    return draw(events, NOW + timedelta(seconds=until))


def test_each_attempt_has_its_lane_with_what_it_waited_and_ran() -> None:
    drawing = drawn(LIFE, 86_410)
    assert drawing
    assert [lane.number for lane in drawing.lanes] == [1, 2, 3]
    first, second, third = ([(each.state, each.seconds) for each in lane.stretches] for lane in drawing.lanes)
    assert first == [("scheduled", 1), ("queued", 1), ("running", 8), ("up_for_retry", 30)]
    assert second == [("scheduled", 0), ("queued", 2), ("running", 8)]
    assert third == [("scheduled", 0), ("queued", 2), ("running", 7)]
    assert [[each.state for each in lane.ends] for lane in drawing.lanes] == [[], ["failed"], []]


def test_the_axis_is_true_to_time_except_where_the_task_rested() -> None:
    drawing = drawn(LIFE, 86_410)
    assert drawing
    first, second, third = drawing.lanes
    scale = first.stretches[2].width / 8
    for each in (*first.stretches, *second.stretches, *third.stretches):
        assert abs(each.width - scale * each.seconds) < 0.1
    assert second.gap
    assert (second.gap.width, second.gap.seconds) == (30, 86_351)
    last = third.stretches[-1]
    assert abs(last.x + last.width - WIDTH) < 0.1
    assert last.is_open
    assert drawing.end == NOW + timedelta(seconds=86_410)


def test_what_people_set_stands_with_the_attempt_it_was_set_for_and_needs_none() -> None:
    marked = drawn([*LIFE[:8], (60, "success")], 90)
    assert marked
    assert [each.state for each in marked.lanes[-1].ends] == ["failed", "success"]
    skipped = drawn([(0, "skipped")], 90)
    assert skipped
    assert [(lane.number, lane.stretches) for lane in skipped.lanes] == [(None, ())]
    assert drawn([(0, "none")], 90) is None
    assert drawn([], 90) is None


def test_a_lost_attempt_and_the_one_in_its_place_are_two() -> None:
    drawing = drawn([(0, "queued"), (1, "running"), (30, "queued"), (31, "running"), (40, "success")], 90)
    assert drawing
    assert [lane.number for lane in drawing.lanes] == [1, 2]


def test_the_page_of_a_task_draws_its_events_over_their_table(db: Database, person: Browser) -> None:
    add_life(db, "load")
    text = person.get(f"{FAILED_RUN}/tasks/load/events").text
    assert text.count('class="lane"') == 4
    assert "Attempt 3" in text
    assert "up for retry, 30 s" in text
    assert text.index("Over time") < text.index("<table")


def add_life(db: Database, task_id: str) -> None:
    """Store that a task of the failed run had that life."""
    ti, run = tables.task_instance.c, tables.dag_run.c
    with db.write() as session:
        of_run = tables.dag_run.select().with_only_columns(run.id).where(run.run_id == FAILED_RUN_ID)
        run_pk = session.scalar(of_run)
        of_task = tables.task_instance.select().with_only_columns(ti.id)
        ti_id = session.scalar(of_task.where(ti.run_pk == run_pk, ti.task_id == task_id))
        began = NOW - timedelta(days=2)
        moved = [
            {"at": began + timedelta(seconds=at), "to_state": state, "ti_id": ti_id, "run_pk": run_pk}
            for at, state in LIFE
        ]
        session.execute(
            insert(tables.event), [{**each, "kind": "task.state", "actor": "scheduler"} for each in moved]
        )
