"""What is out of sight is not there, for every statement: lists, counts, joins, searches and sums."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.scopes import EVERYTHING, NOTHING, Scope, sight_of
from scheduler.core.spans import DAY, latest
from scheduler.errors import NotFound
from scheduler.store import dag_files, tables
from scheduler.store.sight import OPEN, RULES, is_in_sight, narrow
from scheduler.store.views import dags, find, home, runs
from scheduler.store.views.assets import view_assets
from scheduler.store.views.costs import list_spent
from scheduler.store.views.ownership import Narrowing, list_choices
from scheduler.store.views.tasks import find_task, list_attempts
from tests.webui import seed

SHOP = Scope(tags=frozenset({"shop"}))
STOCK = Scope(dag_ids=frozenset({"warehouse_sync"}))
CREW = Scope(teams=frozenset({"crew"}))
DAY_AGO = seed.NOW - timedelta(hours=24)


@pytest.fixture
def shop(db):
    with db.write() as session:
        seed.add_history(session)
        seed.count(session)
        for dag_id, tag in [("carrier_fanout", "team:crew"), ("orders_hourly", "team:desk")]:
            session.execute(sa.insert(tables.dag_tag).values(dag_id=dag_id, name=tag))
        for dag_id, uri in [("orders_hourly", "s3://a"), ("warehouse_sync", "s3://b")]:
            session.execute(
                sa.insert(tables.asset).values(name=uri[-1], uri=uri, extra={}, updated_at=seed.NOW)
            )
            use = {"dag_id": dag_id, "role": "outlet", "task_id": "t", "kind": "uri", "value": uri}
            session.execute(sa.insert(tables.asset_use).values(use))
    return db


@pytest.fixture
def seen(shop):
    """Return what a function of the store answers in a session with this sight."""

    def ask(scope, function, *args, **options):
        with shop.read() as session:
            narrow(session, sight_of(*scope) if isinstance(scope, tuple) else sight_of(scope))
            return function(session, *args, **options)

    return ask


def _dag_ids(seen, scope):
    return [row.dag_id for row in seen(scope, dags.list_dags, dags.DagWanted(), limit=10)]


def test_dags_are_seen_by_name_tag_or_team_and_where_all_scopes_agree(seen):
    for scope, dag_ids in [
        (EVERYTHING, ["carrier_fanout", "orders_hourly", "warehouse_sync"]),
        (NOTHING, []),
        (SHOP, ["orders_hourly"]),
        (STOCK, ["warehouse_sync"]),
        (CREW, ["carrier_fanout"]),
        (SHOP | STOCK, ["orders_hourly", "warehouse_sync"]),
        ((SHOP | STOCK, STOCK | CREW), ["warehouse_sync"]),
        ((SHOP, STOCK), []),
    ]:
        assert _dag_ids(seen, scope) == dag_ids


def test_a_dag_of_two_teams_is_that_of_the_first(seen, shop):
    with shop.write() as session:
        session.execute(sa.insert(tables.dag_tag).values(dag_id="carrier_fanout", name="team:zebra"))
    assert _dag_ids(seen, Scope(teams=frozenset({"zebra"}))) == []


def test_runs_counts_searches_and_the_first_page_are_those_in_sight(seen):
    assert seen(SHOP, runs.count_runs, runs.RunWanted()) == 13
    assert seen(STOCK, runs.count_runs, runs.RunWanted()) == 0
    assert seen(STOCK, runs.list_runs, runs.RunWanted(), limit=100) == []
    assert seen(STOCK, runs.count_live) == {"queued": 0, "running": 0}
    assert seen(STOCK, find.find_dag_ids, "o", 10) == ["warehouse_sync"]
    assert seen(STOCK, find.find_runs, "orders", 10) == []
    assert seen(STOCK, home.list_failed_runs, DAY_AGO, 10) == []
    assert len(seen(SHOP, home.list_failed_runs, DAY_AGO, 10)) == 1
    assert [each.dag_id for each in seen(STOCK, home.list_next_runs, 10)] == ["warehouse_sync"]
    assert seen(STOCK, home.count_dags) == 1
    assert seen(SHOP, dags.count_by_filter, dags.DagWanted()) == dags.DagCounts(1, 0, 1, 0)
    assert seen(STOCK, dags.list_tags) == ["stock"]
    assert seen(STOCK, list_choices).tags == ("stock",)


def test_sums_leave_out_what_is_out_of_sight_and_what_is_summed_up_of_all(seen):
    span = latest(DAY, 2, seed.NOW)
    for scope, names in [(EVERYTHING, ["orders_hourly"]), (SHOP, ["orders_hourly"]), (STOCK, [])]:
        narrowing = Narrowing(sight=sight_of(scope))
        assert [each.name for each in seen(scope, list_spent, "dag", span, narrowing)] == names
        assert bool(seen(scope, list_spent, "day", span, narrowing)) == bool(names)


def test_what_hangs_on_a_run_is_out_of_sight_with_it(seen):
    run = seen(SHOP, runs.list_runs, runs.RunWanted(), limit=1)[0]
    task = seen(SHOP, find_task, run.id, "extract", "")
    assert seen(SHOP, list_attempts, task.id)
    assert seen(STOCK, runs.list_tasks, run.id) == []
    assert seen(STOCK, list_attempts, task.id) == []
    assert seen(SHOP, runs.list_events, run.id, 10)
    assert seen(STOCK, runs.list_events, run.id, 10) == []


def test_assets_are_seen_by_those_whose_dags_use_them(seen):
    assert [each.name for each in seen(SHOP, view_assets)] == ["a"]
    assert [each.name for each in seen(STOCK, view_assets)] == ["b"]
    assert seen(CREW, view_assets) == []


def test_a_broken_file_is_seen_by_those_who_see_its_dags(seen):
    assert len(seen(EVERYTHING, dag_files.list_import_errors)) == 1
    assert seen(SHOP, dag_files.list_import_errors) == []


def test_what_is_out_of_sight_is_absent_in_the_words_of_what_is_not_there(seen):
    with pytest.raises(NotFound) as hidden:
        seen(STOCK, dags.find_dag, "orders_hourly")
    with pytest.raises(NotFound) as absent:
        seen(STOCK, dags.find_dag, "orders_hourlx")
    assert str(hidden.value) == str(absent.value).replace("hourlx", "hourly")


def test_a_dag_is_in_sight_or_not(seen):
    for scope, answer in [((), True), ((SHOP,), True), ((STOCK,), False)]:
        assert seen(EVERYTHING, is_in_sight, "orders_hourly", sight_of(*scope)) is answer
    assert not seen(EVERYTHING, is_in_sight, "nothing", ())


def test_nothing_can_be_written_where_sight_is_narrow(seen):
    with pytest.raises(RuntimeError, match="only selects"):
        seen(STOCK, lambda session: session.execute(sa.delete(tables.dag)))


def test_every_table_says_how_it_is_seen():
    unknown = [
        table.name
        for table in tables.metadata.tables.values()
        if table not in OPEN and table not in RULES and not {"dag_id", "run_pk"} & {*table.c.keys()}
    ]
    assert unknown == [], "say in store.sight which of its rows are in whose sight"
