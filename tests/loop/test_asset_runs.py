"""Runs that begin because assets have changed: on each database, with the real report and the real loop."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from scheduler import (
    AllowedKeyMapper,
    DayWindow,
    FanOutMapper,
    FixedKeyMapper,
    IdentityMapper,
    RollupMapper,
    SegmentWindow,
    StartOfDayMapper,
    StartOfWeekMapper,
    WeekWindow,
)
from scheduler.core.assets import Mark
from scheduler.loop.asset_runs import CreateAssetRuns
from scheduler.operations.assets import emit_event
from scheduler.operations.delete import delete_dag
from scheduler.operations.pause import set_paused
from scheduler.store.agenda import read_agenda
from scheduler.store.asset_history import EventRow, delete_asset_events, events_of_run, list_events
from scheduler.store.assets import put_assets, put_uses
from scheduler.store.tables import asset_queue, dag, dag_run
from scheduler.store.views.partitions import waiting_partitions
from scheduler.wire import ScheduleSpec
from tests.loop.engine import Engine, spec, task

LEFT = {"asset": "left", "uri": "s3://left", "group": "asset", "extra": {}}
RIGHT = {"asset": "right", "uri": "s3://right", "group": "asset", "extra": {}}


def maker(dag_id, *outlets, **fields):
    return spec(task("make", outlets=outlets, **fields), dag_id=dag_id)


def taker(dag_id, expression, **fields):
    return spec(task("take"), dag_id=dag_id, schedule=ScheduleSpec(assets=expression), **fields)


def look(engine: Engine) -> int:
    return engine.db.transact(lambda session: CreateAssetRuns(engine.graphs)(session, engine.now, 50))


def make(engine: Engine, dag_id: str, **outcome) -> int:
    run = engine.trigger(dag_id)
    engine.run_to_end(**outcome)
    return run


def runs(engine: Engine, dag_id: str) -> list[sa.Row[Any]]:
    query = sa.select(dag_run).where(dag_run.c.dag_id == dag_id).order_by(dag_run.c.id)
    with engine.db.read() as session:
        return list(session.execute(query))


def names(engine: Engine, run_pk: int) -> list[str]:
    with engine.db.read() as session:
        return [each.name for each in events_of_run(session, run_pk)]


def events(engine: Engine) -> list[EventRow]:
    with engine.db.read() as session:
        return list_events(session, ascending=True)


def has_events(engine: Engine) -> bool:
    with engine.db.read() as session:
        return read_agenda(session).has_events


@pytest.fixture
def both(engine):
    """Two DAGs that make an asset each, and one that waits for both."""
    engine.define(maker("makes_left", LEFT))
    engine.define(maker("makes_right", RIGHT))
    engine.define(taker("takes_both", {"all": [LEFT, RIGHT]}))
    return engine


def test_a_success_writes_an_event_of_each_outlet_and_begins_who_waits(engine):
    engine.define(maker("orders", LEFT, RIGHT))
    engine.define(taker("report", LEFT))
    run = make(engine, "orders", assets=({"of": ["name", "left"], "extra": {"rows": 7}},))
    assert [(each.name, each.extra, each.dag_id, each.task_id) for each in events(engine)] == [
        ("left", {"rows": 7}, "orders", "make"),
        ("right", {}, "orders", "make"),
    ]
    assert look(engine) == 1
    (begun,) = runs(engine, "report")
    assert (begun.run_type, begun.logical_date, begun.triggered_by) == ("asset_triggered", None, "asset")
    assert begun.run_after == engine.now
    assert names(engine, begun.id) == ["left"]
    engine.run_to_end()
    assert engine.run_state(begun.id) == "success"
    assert engine.run_state(run) == "success"


@pytest.mark.parametrize("hands_on", ["", "beside", "apart"])
def test_it_does_so_whoever_plans_what_follows(engine, hands_on):
    engine.hands_on = hands_on
    engine.define(maker("orders", LEFT))
    engine.define(taker("report", LEFT))
    engine.trigger("orders")
    engine.run_to_end()
    assert look(engine) == 1
    assert len(runs(engine, "report")) == 1


@pytest.mark.parametrize("state", ["failed", "skipped", "cancelled", "lost"])
def test_what_does_not_succeed_changes_nothing(engine, state):
    engine.define(maker("orders", LEFT))
    engine.trigger("orders")
    engine.advance()
    engine.report(*engine.claim(), state=state)
    assert events(engine) == []


def test_a_retry_that_succeeds_changes_it_once(engine):
    engine.define(maker("orders", LEFT, retries=1, retry_delay_s=0))
    engine.trigger("orders")
    engine.advance()
    engine.report(*engine.claim(), state="failed")
    engine.run_to_end()
    assert len(events(engine)) == 1


def test_a_late_report_of_an_attempt_that_was_given_up_changes_nothing(engine):
    engine.define(maker("orders", LEFT))
    engine.trigger("orders")
    engine.advance()
    late = engine.claim()
    engine.kill("w1")
    engine.worker("w2")
    engine.run_to_end("w2")
    assert len(events(engine)) == 1
    assert len(engine.report(*late)) == 1
    assert len(events(engine)) == 1


def test_all_begins_once_each_has_changed_with_all_that_came_meanwhile(both):
    make(both, "makes_left")
    make(both, "makes_left")
    assert look(both) == 1
    assert runs(both, "takes_both") == []
    make(both, "makes_right")
    assert look(both) == 1
    (begun,) = runs(both, "takes_both")
    assert names(both, begun.id) == ["left", "left", "right"]


def test_an_event_begins_one_run_only(both):
    for _ in range(2):
        make(both, "makes_left")
        make(both, "makes_right")
        look(both)
    make(both, "makes_left")
    look(both)
    found = runs(both, "takes_both")
    assert [names(both, each.id) for each in found] == [["left", "right"], ["left", "right"]]


def test_what_cannot_begin_a_run_yet_is_not_looked_at_again(both):
    make(both, "makes_left")
    assert has_events(both)
    look(both)
    assert not has_events(both)
    assert look(both) == 0


def test_any_begins_with_the_first_of_them(engine):
    engine.define(maker("makes_left", LEFT))
    engine.define(taker("takes", {"any": [LEFT, RIGHT]}))
    make(engine, "makes_left")
    look(engine)
    assert len(runs(engine, "takes")) == 1


def test_two_dags_each_run_for_the_same_event(engine):
    engine.define(maker("orders", LEFT))
    engine.define(taker("one", LEFT))
    engine.define(taker("two", {"any": [RIGHT, LEFT]}))
    make(engine, "orders")
    assert look(engine) == 2
    assert [len(runs(engine, each)) for each in ("one", "two")] == [1, 1]


def test_references_and_aliases_are_met_by_uri_name_and_alias(engine):
    engine.define(maker("orders", {"alias": "daily"}))
    engine.define(taker("by_alias", {"alias": "daily"}))
    engine.define(taker("by_uri", {"ref": {"uri": "s3://left"}}))
    engine.define(taker("by_name", {"ref": {"name": "left"}}))
    make(engine, "orders", assets=({"of": ["alias", "daily"], "asset": LEFT, "extra": {}},))
    assert look(engine) == 3
    assert [len(runs(engine, each)) for each in ("by_alias", "by_uri", "by_name")] == [1, 1, 1]


def test_an_alias_of_which_nothing_was_said_changes_nothing(engine):
    engine.define(maker("orders", {"alias": "daily"}))
    make(engine, "orders")
    assert events(engine) == []


def test_events_pass_a_paused_dag_by_and_those_before_wait_until_it_is_resumed(both):
    make(both, "makes_left")
    both.db.transact(lambda s: set_paused(s, both.now, ["takes_both"], is_paused=True, actor="t"))
    make(both, "makes_right")
    look(both)
    assert not has_events(both)
    both.db.transact(lambda s: set_paused(s, both.now, ["takes_both"], is_paused=False, actor="t"))
    assert look(both) == 1
    assert runs(both, "takes_both") == []
    make(both, "makes_right")
    look(both)
    (begun,) = runs(both, "takes_both")
    assert names(both, begun.id) == ["left", "right"]


def test_a_dag_that_waits_for_something_else_now_is_looked_at_anew(both):
    make(both, "makes_left")
    look(both)
    changed = taker("takes_both", {"any": [LEFT, RIGHT]})
    both.redefine(changed)
    both.db.transact(lambda session: put_uses(session, both.now, [changed]))
    look(both)
    (begun,) = runs(both, "takes_both")
    assert names(both, begun.id) == ["left"]


def test_a_dag_that_waits_for_nothing_any_more_forgets_what_came(both):
    make(both, "makes_left")
    both.redefine(spec(task("take"), dag_id="takes_both"))
    look(both)
    assert runs(both, "takes_both") == []
    with both.db.read() as session:
        assert session.execute(sa.select(asset_queue)).all() == []


def test_a_person_can_say_that_it_changed(engine):
    engine.define(maker("orders", LEFT))
    engine.define(taker("report", LEFT))
    say = lambda session: emit_event(session, engine.now, "left", extra={"n": 1}, actor="user:ada")  # noqa: E731
    engine.db.transact(say)
    look(engine)
    (begun,) = runs(engine, "report")
    with engine.db.read() as session:
        (event,) = events_of_run(session, begun.id)
    assert (event.actor, event.extra, event.run_id) == ("user:ada", {"n": 1}, "")


def test_events_of_a_dag_that_is_retired_give_the_loop_nothing_to_do_and_wait_until_it_is_back(both):
    make(both, "makes_left")
    make(both, "makes_right")
    with both.db.write() as session:
        session.execute(sa.update(dag).where(dag.c.dag_id == "takes_both").values(retired_at=both.now))
    look(both)
    with both.db.write() as session:
        assert not read_agenda(session).has_events
        session.execute(sa.update(dag).where(dag.c.dag_id == "takes_both").values(retired_at=None))
        put_uses(session, both.now, [both.specs["takes_both"][0]])
    look(both)
    assert len(runs(both, "takes_both")) == 1


def test_an_event_that_was_queued_while_its_dag_was_deleted_gives_the_loop_nothing_to_do(both):
    make(both, "makes_left")
    with both.db.write() as session:
        session.execute(sa.update(asset_queue).values(dag_id="gone"))
    look(both)
    with both.db.read() as session:
        assert not read_agenda(session).has_events


def test_a_deleted_dag_takes_what_it_has_waiting_with_it(both):
    make(both, "makes_left")
    delete_dag(both.db, both.now, "takes_both", actor="t")
    with both.db.read() as session:
        assert session.execute(sa.select(asset_queue)).all() == []
    make(both, "makes_right")
    assert look(both) == 0


def test_a_graph_without_assets_costs_no_statement_for_them(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    engine.advance()
    claims = engine.claim()
    with engine.db.count() as count:
        engine.report(*claims)
    assert not [text for text in count.statements if "asset" in text]


def by_partition(dag_id, expression, default, by=()):
    partitions = {"default": default.to_data(), "by": [[*mark, mapper.to_data()] for mark, mapper in by]}
    return spec(task("take"), dag_id=dag_id, schedule=ScheduleSpec(assets=expression, partitions=partitions))


def emit(engine: Engine, name: str, *keys: str) -> None:
    for key in keys:
        say = partial(emit_event, now=engine.now, name=name, partition_key=key, actor="t")
        engine.db.transact(say)


def keys_of(engine: Engine, dag_id: str) -> list[str]:
    return [each.partition_key for each in runs(engine, dag_id)]


def test_a_dag_by_partitions_runs_for_each_key_and_others_do_not_see_these_events(both):
    both.define(by_partition("parts", {"all": [LEFT, RIGHT]}, StartOfDayMapper()))
    emit(both, "left", "2026-03-01T01:00:00", "2026-03-02T01:00:00")
    emit(both, "right", "2026-03-02T23:00:00")
    look(both)
    (begun,) = runs(both, "parts")
    assert (begun.partition_key, begun.partition_date.isoformat()) == (
        "2026-03-02",
        "2026-03-02T00:00:00+00:00",
    )
    assert names(both, begun.id) == ["left", "right"]
    assert runs(both, "takes_both") == []
    emit(both, "right", "2026-03-01T23:00:00")
    look(both)
    assert keys_of(both, "parts") == ["2026-03-02", "2026-03-01"]
    assert not has_events(both)


def test_partitions_that_wait_say_what_for(both):
    rollup = RollupMapper(upstream_mapper=StartOfDayMapper(), window=DayWindow())
    both.define(
        by_partition("parts", {"all": [LEFT, RIGHT]}, IdentityMapper(), [(Mark("name", "left"), rollup)])
    )
    emit(both, "left", *(f"2026-03-13T{hour:02}:00:00" for hour in range(3)))
    look(both)
    with both.db.read() as session:
        (waiting,) = waiting_partitions(session, ["parts"])
        assert waiting_partitions(session) == [waiting]
        assert waiting_partitions(session, ["other"]) == []
    assert (waiting.key, waiting.events, waiting.since) == ("2026-03-13", 3, both.now)
    assert waiting.lacks == [
        "left: 3 of 24 have come; not 2026-03-13T03:00:00, 2026-03-13T04:00:00, 2026-03-13T05:00:00 and 18 more",
        "right: nothing has come",
    ]


def test_events_without_a_key_are_not_for_a_dag_by_partitions(both):
    both.define(by_partition("parts", LEFT, IdentityMapper()))
    make(both, "makes_left")
    look(both)
    assert runs(both, "parts") == []


def test_a_roll_up_waits_for_all_its_keys(both):
    rollup = RollupMapper(upstream_mapper=FixedKeyMapper("all"), window=SegmentWindow(["eu", "us"]))
    both.define(by_partition("parts", LEFT, rollup))
    emit(both, "left", "eu", "eu")
    look(both)
    assert runs(both, "parts") == []
    emit(both, "left", "us")
    look(both)
    (begun,) = runs(both, "parts")
    assert (begun.partition_key, names(both, begun.id)) == ("all", ["left", "left", "left"])


def test_one_key_may_begin_many_runs(both):
    fan_out = FanOutMapper(upstream_mapper=StartOfWeekMapper(), window=WeekWindow())
    both.define(by_partition("parts", LEFT, fan_out))
    emit(both, "left", "2026-03-02T00:00:00")
    look(both)
    assert keys_of(both, "parts") == [f"2026-03-0{day}" for day in range(2, 9)]
    both.run_to_end()


def test_a_key_that_cannot_be_mapped_begins_nothing_and_is_told(both, caplog):
    both.define(by_partition("parts", LEFT, AllowedKeyMapper(["eu"])))
    emit(both, "left", "mars", "eu")
    look(both)
    assert keys_of(both, "parts") == ["eu"]
    assert "parts: Event 1 of asset left begins no run: 'mars' cannot be mapped by allowed" in caplog.text
    assert not has_events(both)


def test_a_run_of_a_partition_changes_its_outlets_for_it_and_a_task_may_name_others(both):
    both.define(
        spec(
            task("a", outlets=[LEFT]),
            task("b", outlets=[RIGHT]),
            dag_id="makes",
            schedule=by_partition("x", {"asset": "raw"}, IdentityMapper()).schedule,
        )
    )  # fmt: skip
    both.db.transact(lambda session: put_assets(session, both.now, [{"asset": "raw"}]))
    emit(both, "raw", "eu")
    look(both)
    both.advance()
    for claim in both.claim():
        said = {"of": ["name", "right"], "partition_keys": ["x", "y"]} if claim.task_id == "b" else None
        assert claim.partition_key == "eu"
        both.report(claim, assets=(said,) if said else None)
    assert sorted((each.name, each.partition_key) for each in events(both)) == [
        ("left", "eu"), ("raw", "eu"), ("right", "x"), ("right", "y"),
    ]  # fmt: skip


def test_old_events_go_but_for_the_newest_and_those_that_a_run_needs(both):
    emit(both, "left", "", "")
    look(both)
    both.wait(days=9)
    emit(both, "right", "", "")
    look(both)
    (begun,) = runs(both, "takes_both")
    assert names(both, begun.id) == ["left", "left", "right", "right"]
    both.define(maker("others", {"asset": "alone"}))
    emit(both, "alone", "", "", "")
    both.wait(days=9)
    assert both.db.transact(lambda session: delete_asset_events(session, both.now, 100)) == 2
    assert [each.id for each in events(both)] == [1, 2, 3, 4, 7]
    assert both.db.transact(lambda session: delete_asset_events(session, both.now, 100)) == 0
