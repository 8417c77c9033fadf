"""What the pages read, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from scheduler.errors import NotFound
from scheduler.store.choices import Choice, Range
from scheduler.store.tables import dag_run, task_instance
from scheduler.store.views import calendar, dag_lists, dags, find, grid, home, run_tasks, runs, tasks
from scheduler.store.views.durations import usual_durations
from scheduler.store.views.last_runs import BARS, Bar, of_text
from tests.webui import seed


@pytest.fixture
def shop(db):
    with db.write() as session:
        seed.add_history(session)
    return db


def test_the_first_page(shop):
    with shop.read() as session:
        since = seed.NOW - timedelta(hours=24)
        [failed] = home.list_failed_runs(session, since, 10)
        assert (failed.dag_id, failed.task_id, failed.failed_count) == ("orders_hourly", "enrich.prices", 1)
        [active] = home.list_active_runs(session, 10)
        assert (active.done_count, active.task_count) == (4, 8)
        assert active.usual_s == pytest.approx(19.992)
        coming = [(each.dag_id, each.is_paused) for each in home.list_next_runs(session, 10)]
        assert coming == [("orders_hourly", False), ("warehouse_sync", True)]
        assert [run.state for run in home.list_ended_runs(session, since)].count("failed") == 1
        assert home.count_slots(session, seed.NOW) == home.Slots(1, 16, 5)
        assert home.count_slots(session, seed.NOW + timedelta(days=999)) == home.Slots(0, 0, 0)
        assert home.count_dags(session) == 3


def test_what_failed_before_the_day_is_not_shown(shop):
    with shop.read() as session:
        assert home.list_failed_runs(session, seed.NOW, 10) == []


def test_the_list_of_dags(shop):
    with shop.read() as session:
        rows = dags.list_dags(session, dags.DagWanted(), limit=10)
        assert [row.dag_id for row in rows] == ["carrier_fanout", "orders_hourly", "warehouse_sync"]
        assert rows[1].tags == ("critical", "shop")
        assert [bar.state for bar in rows[1].bars][-3:] == ["failed", "success", "running"]
        assert rows[0].bars == ()
        assert dags.count_by_filter(session, dags.DagWanted()) == dags.DagCounts(3, 0, 1, 1)
        assert dags.list_tags(session) == ["critical", "samples", "shop", "stock"]
        assert usual_durations(session, {"carrier_fanout"}) == {}


def test_the_bars_of_a_dag_tell_when_its_newest_runs_began_and_ended(shop):
    columns = (dag_run.c.run_id, dag_run.c.state, dag_run.c.start_date, dag_run.c.end_date)
    with shop.read() as session:
        newest = select(*columns).where(dag_run.c.dag_id == "orders_hourly").order_by(dag_run.c.id.desc())
        rows = session.execute(newest.limit(BARS)).all()
        found = dags.find_dag(session, "orders_hourly")
        assert found.bars == tuple(Bar(*row) for row in reversed(rows))
        assert {found.dag_id: found.usual_s} == usual_durations(session, {"orders_hourly"})


def test_bars_are_made_once_for_as_long_as_no_run_changes(shop):
    def made():
        before = of_text.cache_info().misses
        with shop.read() as session:
            marks = {row.dag_id: row.last.mark for row in dags.list_dags(session, dags.DagWanted(), limit=10)}
        return marks, of_text.cache_info().misses - before

    first, _ = made()
    assert made() == (first, 0)
    with shop.write() as session:
        session.execute(update(dag_run).where(dag_run.c.state == "running").values(state="failed"))
    second, count = made()
    assert count == 1
    assert {name for name in first if first[name] != second[name]} == {"orders_hourly"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (dags.DagWanted(text="CRITICAL"), ["orders_hourly"]),
        (dags.DagWanted(text="s_s"), []),
        (dags.DagWanted(text="%"), []),
        (dags.DagWanted(text="shop stock"), ["warehouse_sync"]),
        (dags.DagWanted(tag="samples"), ["carrier_fanout"]),
        (dags.DagWanted(state="paused"), ["warehouse_sync"]),
        (dags.DagWanted(state="unheard_of"), ["carrier_fanout", "orders_hourly", "warehouse_sync"]),
    ],
)
def test_the_list_is_narrowed(shop, wanted, found):
    with shop.read() as session:
        assert [row.dag_id for row in dags.list_dags(session, wanted, limit=10)] == found


def test_a_dag_is_failing_until_a_later_run_is_good(shop):
    version = seed.NOW - timedelta(minutes=1)
    with shop.write() as session:
        found = dags.find_dag(session, "orders_hourly")
        seed.add_run(session, seed.ORDERS, found.version_id, version, "failed", seed.FAILED)
        other = replace(seed.ORDERS, dag_id="warehouse_sync")
        seed.add_run(session, other, found.version_id, version, "success", seed.GOOD)
    with shop.read() as session:
        assert dags.count_by_filter(session, dags.DagWanted()).failing == 1
    with shop.write() as session:
        seed.add_run(session, seed.ORDERS, found.version_id, seed.NOW, "success", seed.GOOD)
    with shop.read() as session:
        assert dags.count_by_filter(session, dags.DagWanted()).failing == 0


def test_one_dag(shop):
    with shop.read() as session:
        found = dags.find_dag(session, "orders_hourly")
        version = dags.find_version(session, found.version_id)
        assert version.number == 1
        assert dags.load_source(session, version.snapshot_id, found.file).startswith("def prices")
        with pytest.raises(NotFound):
            dags.load_source(session, version.snapshot_id, "../secret_key")
        with pytest.raises(NotFound):
            dags.find_dag(session, "nothing")


def test_runs_come_newest_first_and_page_by_page(shop):
    wanted = runs.RunWanted(dag_id="orders_hourly")
    with shop.read() as session:
        first = runs.list_runs(session, wanted, limit=5)
        second = runs.list_runs(session, wanted, limit=5, before=first[-1].id)
        assert [run.state for run in first[:3]] == ["running", "success", "failed"]
        assert first[-1].id > second[0].id
        assert len(runs.list_runs(session, runs.RunWanted(state="failed"), limit=5)) == 1


def test_runs_are_counted_by_day_of_a_clock_that_is_put_forward(shop):
    noon = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
    begin, change = noon - timedelta(days=2), noon - timedelta(minutes=30)
    stretches = [
        (change, timedelta(hours=12, minutes=54)),
        (noon + timedelta(days=1), timedelta(hours=11, minutes=55)),
    ]
    with shop.read() as session:
        counts = calendar.count_by_day(session, "orders_hourly", begin, stretches)
        in_utc = calendar.count_by_day(session, "orders_hourly", begin, [(noon, timedelta())])
    assert {str(day): sum(states.values()) for day, states in counts.items()} == {
        "2026-11-21": 10,
        "2026-11-22": 3,
    }
    assert [(str(day), sum(states.values())) for day, states in in_utc.items()] == [("2026-11-21", 10)]


def test_one_run_with_its_tasks_and_events(shop):
    with shop.read() as session:
        [failed] = runs.list_runs(session, runs.RunWanted(state="failed"), limit=1)
        run = runs.find_run(session, failed.dag_id, failed.run_id)
        assert run == failed
        found = runs.list_tasks(session, run.id)
        assert {task.task_id: task.state for task in found} == seed.FAILED
        prices = tasks.find_task(session, run.id, "enrich.prices")
        assert [event.to_state for event in runs.list_events(session, run.id, 9, task_pk=prices.id)] == [
            "failed"
        ]
        assert len(runs.list_events(session, run.id, 3)) == 3
        [attempt] = tasks.list_attempts(session, prices.id)
        assert (attempt.state, attempt.peak_memory_bytes) == ("failed", 61_000_000)
        with pytest.raises(NotFound):
            tasks.find_task(session, run.id, "enrich.prices", "3")


def test_the_grid(shop):
    with shop.read() as session:
        found = grid.list_grid_runs(session, "orders_hourly", 3)
        assert [run.state for run in found] == ["failed", "success", "running"]
        assert grid.states_by_run(session, [found[0].id])[found[0].id] == seed.FAILED
        assert [run.has_ended for run in found] == [True, True, False]


def map_task(db, states):
    """Give `extract` of the failed run an instance in each of these states."""
    ti = task_instance.c
    with db.write() as session:
        [failed] = runs.list_runs(session, runs.RunWanted(state="failed"), limit=1)
        row = session.execute(
            select(task_instance).where(ti.run_pk == failed.id, ti.task_id == "extract")
        ).one()
        session.execute(delete(task_instance).where(ti.id == row.id))
        for path, state in enumerate(states):
            values = {**row._asdict(), "path": str(path), "state": state}
            del values["id"]
            session.execute(insert(task_instance).values(values))
    return failed.id


def test_of_many_instances_the_loudest_is_shown(shop):
    run_pk = map_task(shop, ["success", "failed", *["success"] * 10, "running"])
    with shop.read() as session:
        assert grid.states_by_run(session, [run_pk])[run_pk]["extract"] == "failed"
        first, *_ = [each for each in run_tasks.list_by_task(session, run_pk) if each.task.path]
        assert (first.task.path, first.total) == ("1", 13)
        assert first.counts == (("failed", 1), ("running", 1), ("success", 11))
        assert run_tasks.count_states(session, run_pk)["success"] == 14
        [failed, other] = run_tasks.list_in_state(session, run_pk, "failed", 2)
        assert (failed.task_id, other.task_id) == ("enrich.prices", "extract")


def test_instances_come_by_their_indices_page_by_page(shop):
    run_pk = map_task(shop, ["failed", *["success"] * 11])
    with shop.read() as session:
        page = run_tasks.list_instances(session, run_pk, "extract", limit=3, offset=9)
        assert [task.path for task in page] == ["9", "10", "11"]
        page = run_tasks.list_instances(session, run_pk, "extract", state="failed", limit=3)
        assert [task.path for task in page] == ["0"]


def test_finding(shop):
    with shop.read() as session:
        assert find.find_dag_ids(session, "ORDER", 5) == ["orders_hourly"]
        assert len(find.find_runs(session, "orders scheduled", 4)) == 0
        assert len(find.find_runs(session, "hourly scheduled", 4)) == 4


def test_a_page_costs_a_fixed_number_of_statements(shop):
    def cost():
        with shop.count() as count, shop.read() as session:
            dags.list_dags(session, dags.DagWanted(), limit=100)
            grid.list_grid_runs(session, "orders_hourly", 30)
            home.list_active_runs(session, 30)
        return len(count.statements)

    before = cost()
    with shop.write() as session:
        found = dags.find_dag(session, "orders_hourly")
        for minutes in range(2, 12):
            at = seed.NOW - timedelta(minutes=minutes)
            seed.add_run(session, seed.ORDERS, found.version_id, at, "running", seed.HALF)
    assert cost() == before


def test_a_list_of_dags_is_narrowed_and_ordered_by_any_of_its_columns(shop):
    choices = {
        "retired or not": Choice(order=("-last_run_start_date", "dag_display_name")),
        "one of": Choice(among={"last_dag_run_state": ["failed", None], "has_import_errors": [False]}),
        "nothing": Choice(ranges={"dag_run_end_date": Range(gt=seed.NOW, lte=seed.NOW)}),
        "text": Choice(like={"dag_display_name": "ORD%|nothing"}, starts={"dag_id": "orders_"}),
    }
    found = {}
    with shop.read() as session:
        for name, choice in choices.items():
            entries, total = dag_lists.list_dags(session, choice, dag_lists.DagsWanted(), limit=10)
            assert total == len(entries)
            found[name] = {each.dag_id for each in entries}
        assert dag_lists.list_tags(session, Choice(starts={"tag_name": "sho"}), limit=1) == (["shop"], 1)
    assert (len(found["retired or not"]), found["nothing"], found["text"]) == (3, set(), {"orders_hourly"})
    assert found["one of"] < found["retired or not"]
