from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotFound
from scheduler.store import snapshots, versions
from scheduler.wire import ParamSpec, TaskSpec
from tests.store.specs import MANIFEST, NOW, add_dag, spec


@pytest.fixture
def snapshot_id(write):
    return write(snapshots.store_snapshot, MANIFEST, NOW)


def test_the_same_graph_is_one_version_however_often_it_is_stored(db, write, snapshot_id):
    refs = {write(versions.store_version, spec(), snapshot_id, NOW).id for _ in range(5)}
    assert len(refs) == 1
    with db.read() as session:
        assert [each.number for each in versions.list_versions(session, "shop")] == [1]


def test_a_file_that_computes_dates_anew_at_each_parse_makes_one_version(db, write, snapshot_id):
    for day in range(100):
        moving = spec(
            start_date=(NOW + timedelta(days=day)).isoformat(),
            doc_md=f"parsed on day {day}",
            params=(ParamSpec(name="day", schema={"type": "string"}, default=str(day)),),
            tasks=(TaskSpec(task_id="a", operator="BashOperator", source=f"echo {day}"),),
        )
        write(versions.store_version, moving, snapshot_id, NOW)
    with db.read() as session:
        (only,) = versions.list_versions(session, "shop")
        assert versions.load_graph(session, only.id).params[0].default == "99"


@pytest.mark.parametrize(
    "changed",
    [
        spec(code_hash="code-2"),
        spec(tasks=(TaskSpec(task_id="a", operator="PythonOperator"),)),
        spec(params=(ParamSpec(name="day", schema={"type": "integer"}, default="mon"),)),
        spec(tasks=tuple(replace(task, retries=3) for task in spec().tasks)),
    ],
    ids=["code", "tasks", "param schema", "retries"],
)
def test_a_change_of_code_or_structure_makes_a_new_version(db, write, snapshot_id, changed):
    first = write(versions.store_version, spec(), snapshot_id, NOW)
    second = write(versions.store_version, changed, snapshot_id, NOW)
    assert (first.number, second.number) == (1, 2)
    with db.read() as session:
        assert versions.load_graph(session, second.id) == changed
        assert versions.load_graph(session, first.id) == spec()


def test_going_back_to_old_code_is_the_old_version_again(write, snapshot_id):
    first = write(versions.store_version, spec(), snapshot_id, NOW)
    write(versions.store_version, spec(code_hash="code-2"), snapshot_id, NOW)
    assert write(versions.store_version, spec(), snapshot_id, NOW) == first


def test_many_dags_are_stored_in_a_handful_of_statements(db, snapshot_id):
    specs = [spec(f"dag{number}") for number in range(200)]
    with db.count() as count, db.write() as session:
        stored = versions.store_versions(session, specs, snapshot_id, NOW)
    assert len(stored) == 200
    assert len([text for text in count.statements if "dag_version" in text]) <= 5


@pytest.mark.postgres
def test_versions_of_one_dag_that_two_processes_store_at_once_get_different_numbers(postgres_db):
    with postgres_db.write() as session:
        snapshot_id = snapshots.store_snapshot(session, MANIFEST, NOW)

    def store(number):
        changed = spec(code_hash=f"code-{number}")
        return postgres_db.transact(
            lambda session: versions.store_version(session, changed, snapshot_id, NOW)
        )

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(ref.number for ref in pool.map(store, range(24)))
    assert numbers == list(range(1, 25))


def test_an_unknown_version_is_an_error(db):
    with db.read() as session, pytest.raises(NotFound, match="version '7'"):
        versions.load_graph(session, 7)


def test_a_dag_row_points_to_its_version(write):
    assert write(add_dag).number == 1
