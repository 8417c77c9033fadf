"""Checks of assets: what a blocking one finds bad is withheld from all that waits for it."""

from __future__ import annotations

import pytest

from scheduler.operations.mark import Mark, mark_run, mark_task
from scheduler.store.asset_checks import checks_of
from scheduler.store.history import delete_rows
from tests.loop.engine import Engine, spec, task
from tests.loop.test_asset_runs import LEFT, RIGHT, events, look, runs, taker

OF_LEFT = {"of": ["name", "left"], "blocking": True}


def found(passed: bool, **more) -> tuple[dict[str, object], ...]:
    return ({**OF_LEFT, "check": {"passed": passed, "description": "", "metadata": {}, **more}},)


@pytest.fixture
def shop(engine):
    """A DAG that makes two assets, one of which has two blocking checks and another one; and one that waits for it."""
    engine.define(
        spec(
            task("make", outlets=(LEFT, RIGHT)),
            task("rows", "make", check=OF_LEFT),
            task("sums", "make", check=OF_LEFT),
            task("looks", "make", check={**OF_LEFT, "blocking": False}),
            dag_id="makes",
        )
    )
    engine.define(taker("takes", LEFT))
    engine.trigger("makes")
    engine.advance()
    engine.report(*engine.claim())
    engine.advance()
    return engine


def claims(engine: Engine):
    return {each.task_id: each for each in engine.claim()}


def names(engine: Engine) -> list[str]:
    return [each.name for each in events(engine)]


def test_what_has_blocking_checks_changes_once_all_have_passed(shop):
    assert names(shop) == ["right"]
    mine = claims(shop)
    shop.report(
        mine["looks"],
        assets=({**OF_LEFT, "check": {"passed": False, "description": "odd", "metadata": {"n": 1}}},),
    )
    shop.report(mine["rows"], assets=found(True))
    assert names(shop) == ["right"]
    shop.report(mine["sums"], assets=found(True))
    assert names(shop) == ["right", "left"]
    assert events(shop)[1].task_id == "make"
    look(shop)
    assert len(runs(shop, "takes")) == 1
    with shop.db.read() as session:
        kept = {
            each.task_id: (each.passed, each.description, each.metadata)
            for each in checks_of(session, ["left"])
        }
    assert kept == {"rows": (True, "", {}), "sums": (True, "", {}), "looks": (False, "odd", {"n": 1})}


def test_what_did_not_pass_is_withheld_until_the_check_is_run_again(shop):
    mine = claims(shop)
    shop.report(mine["rows"], mine["looks"], assets=found(True))
    shop.report(mine["sums"], state="failed", retryable=False, assets=found(False, description="no rows"))
    assert names(shop) == ["right"]
    look(shop)
    assert runs(shop, "takes") == []


def mark(engine: Engine, task_id: str, to: Mark = "success") -> None:
    run_id = runs(engine, "makes")[0].run_id
    engine.db.transact(
        lambda session: mark_task(session, engine.now, "makes", run_id, task_id, to=to, actor="ada")
    )


def test_a_check_that_is_marked_as_success_by_hand_withholds_no_longer(shop):
    mine = claims(shop)
    shop.report(mine["rows"], mine["looks"], assets=found(True))
    shop.report(mine["sums"], state="failed", retryable=False, assets=found(False))
    mark(shop, "rows", "failed")
    mark(shop, "sums")
    assert names(shop) == ["right"]
    mark(shop, "rows")
    assert names(shop) == ["right", "left"]
    look(shop)
    assert len(runs(shop, "takes")) == 1


def test_in_a_run_that_is_marked_as_success_what_no_check_found_bad_changes(shop):
    run_id = runs(shop, "makes")[0].run_id
    shop.db.transact(lambda session: mark_run(session, shop.now, "makes", run_id, to="success", actor="ada"))
    assert names(shop) == ["right", "left"]


@pytest.mark.parametrize(
    ("outlet", "of", "said"),
    [
        (LEFT, ["uri", "s3://left"], ()),
        ({"alias": "some"}, ["alias", "some"], ({"of": ["alias", "some"], "asset": LEFT},)),
    ],
)
def test_a_check_may_name_the_uri_or_the_alias_of_what_changed(engine, outlet, of, said):
    check = {"of": of, "blocking": True}
    engine.define(spec(task("make", outlets=(outlet,)), task("rows", "make", check=check), dag_id="makes"))
    engine.trigger("makes")
    engine.advance()
    engine.report(*engine.claim(), assets=said)
    assert names(engine) == []
    engine.run_to_end()
    assert names(engine) == ["left"]


def test_a_second_try_that_passes_lets_it_go(engine):
    engine.define(
        spec(
            task("make", outlets=(LEFT,)),
            task("rows", "make", check=OF_LEFT, retries=1, retry_delay_s=0),
            dag_id="makes",
        )
    )
    engine.trigger("makes")
    engine.advance()
    engine.report(*engine.claim())
    engine.advance()
    engine.report(*engine.claim(), state="failed", assets=found(False))
    assert names(engine) == []
    engine.run_to_end()
    assert names(engine) == ["left"]


def test_runs_with_withheld_changes_can_be_deleted(shop):
    run_pk = runs(shop, "makes")[0].id
    with shop.db.write() as session:
        assert delete_rows(session, [run_pk], 10_000)
