from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from scheduler.errors import AlreadyExists, BadConf, BadId, BadName, BadParams, Conflict, NotFound, TooLarge
from scheduler.operations.pause import set_paused
from scheduler.operations.trigger import trigger_run
from scheduler.store import dags
from scheduler.store.tables import dag_run, event
from scheduler.store.tasks import tasks_of_run
from scheduler.wire import TaskSpec
from tests.operations.plays import run_of
from tests.store.specs import NOW, add_dag, spec


@pytest.fixture
def shop(write):
    return write(add_dag)


def _trigger(write, **options):
    return write(trigger_run, NOW, "shop", actor="user:ada", **options)


def test_a_triggered_run_is_pinned_queued_and_has_all_its_tasks(db, write, shop):
    ref = _trigger(write, conf={"day": "tue"}, note="by hand")
    with db.read() as session:
        row = session.execute(sa.select(dag_run)).one()
        tasks = tasks_of_run(session, ref.run_pk)
        actors = session.scalars(sa.select(event.c.actor).where(event.c.kind == "run.state")).all()
    assert ref.run_id == "manual__2026-11-21T12:00:00+00:00"
    assert (row.state, row.version_id, row.needs_planning, row.note) == ("queued", shop.id, True, "by hand")
    assert (row.logical_date, row.run_after, row.data_interval_start, row.data_interval_end) == (NOW,) * 4
    assert (row.conf, row.params, row.triggered_by) == ({"day": "tue"}, {"day": "tue"}, "user:ada")
    assert [(each.task_id, str(each.state)) for each in tasks] == [
        ("a", "none"),
        ("b", "none"),
        ("c", "none"),
    ]
    assert actors == ["user:ada"]


def test_the_planner_is_woken(db, write, shop):
    db.wake.wait(0)
    _trigger(write)
    assert db.wake.wait(0)


def test_a_paused_dag_can_be_triggered_by_hand(write, shop):
    write(set_paused, NOW, ["shop"], is_paused=True, actor="user:ada")
    assert _trigger(write).is_new


def test_a_given_logical_date_names_the_run(db, write, shop):
    at = datetime(2020, 2, 29, tzinfo=UTC)
    ref = _trigger(write, logical_date=at)
    assert ref.run_id == "manual__2020-02-29T00:00:00+00:00"
    assert run_of(db, ref).logical_date == at
    with pytest.raises(AlreadyExists):
        _trigger(write, logical_date=at)


def test_runs_triggered_in_the_same_instant_get_ids_of_their_own(write, shop):
    assert len({_trigger(write).run_id for _ in range(5)}) == 5


def test_a_run_id_that_is_taken_is_refused_by_name(write, shop):
    _trigger(write, run_id="first")
    with pytest.raises(AlreadyExists, match="A run 'first' already exists"):
        _trigger(write, run_id="first")


def test_the_same_idempotency_key_gives_the_first_run_whatever_else_is_asked(write, shop):
    first = _trigger(write, idempotency_key="order-7", conf={"day": "tue"})
    again = _trigger(write, idempotency_key="order-7", conf={"day": "wed"}, run_id="other")
    assert (again.run_pk, again.run_id) == (first.run_pk, first.run_id)
    assert (first.is_new, again.is_new) == (True, False)


def test_of_many_that_trigger_at_once_with_one_key_one_makes_the_run(db, write, shop):
    with ThreadPoolExecutor(8) as pool:
        refs = list(pool.map(lambda _: _trigger(write, idempotency_key="k"), range(16)))
    assert len({ref.run_pk for ref in refs}) == 1
    assert [ref.is_new for ref in refs].count(True) == 1
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(dag_run)) == 1


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"run_id": "a/b"}, BadId, "a/b"),
        ({"run_id": "../x"}, BadId, "run_id"),
        ({"run_id": "x" * 251}, BadId, "run_id"),
        ({"run_id": "🚀"}, BadId, "🚀"),
        ({"conf": {"day": 7}}, BadParams, "Param 'day' cannot be 7"),
        ({"conf": ["day"]}, BadConf, "not an array"),
        ({"conf": {"x": "y" * 1_000_001}}, TooLarge, "limit is 1,000,000"),
        ({"note": "n" * 10_001}, TooLarge, "The note"),
    ],
)
def test_bad_input_is_refused_in_words_and_leaves_nothing(db, write, shop, options, error, words):
    with pytest.raises(error, match=words):
        _trigger(write, **options)
    with db.read() as session:
        assert session.execute(sa.select(dag_run)).all() == []


def test_an_unknown_dag_is_told(write):
    with pytest.raises(NotFound, match="There is no DAG 'shop'"):
        _trigger(write)


def test_a_retired_dag_is_refused_with_the_remedy(write, shop):
    write(dags.retire_dags, NOW, ["shop"])
    with pytest.raises(Conflict, match=r"retired: shop\.py no longer declares it\. Put it back"):
        _trigger(write)


def test_a_run_of_5000_tasks_is_inserted_in_a_handful_of_statements(db, write):
    tasks = tuple(TaskSpec(task_id=f"t{number}", operator="EmptyOperator") for number in range(5000))
    write(add_dag, spec(tasks=tasks))
    with db.count() as count:
        ref = _trigger(write)
    assert len(count.statements) < 20
    with db.read() as session:
        assert len(tasks_of_run(session, ref.run_pk)) == 5000


def test_the_ids_that_a_schedule_is_going_to_need_are_kept_for_it(write, shop):
    with pytest.raises(BadId, match="kept for the schedule"):
        _trigger(write, run_id="scheduled__2026-11-22T00:00:00+00:00")


@pytest.mark.parametrize("key", ["", "k" * 251, "a\0b", " k"])
def test_an_idempotency_key_that_no_index_holds_is_refused(write, shop, key):
    with pytest.raises(BadName, match="idempotency key"):
        _trigger(write, idempotency_key=key)
