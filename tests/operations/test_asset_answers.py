"""What running code asks of assets, as it is answered from the database and read by the task."""

from __future__ import annotations

from typing import Any, cast

import pytest

from scheduler import Asset, AssetAlias
from scheduler.clock import SystemClock
from scheduler.dispatch.jobs import job_of
from scheduler.errors import NotFound
from scheduler.operations.answers import Answers
from scheduler.sdk.asset_events import InletEvents, TriggeringEvents
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from tests.loop.engine import Engine
from tests.loop.test_asset_runs import LEFT, look, maker, taker

NEW = {"asset": "new", "uri": "s3://shop/new", "group": "asset", "extra": {"owner": "ada"}}


class Asking:
    """The channel of a task, without a process between."""

    def __init__(self, answers, job):
        self._ask = lambda verb, **asked: answers(job, verb, asked)

    def asset_events(self, **asked):
        return self._ask("asset_events", **asked)

    def triggering_events(self):
        return self._ask("triggering_events")

    def get_asset(self, name):
        return self._ask("get_asset", name=name)


@pytest.fixture
def channel(db, tmp_path) -> Any:
    """The channel of a task of a run that two events began: of an asset, and of one that was named under an alias."""
    engine = Engine(db)
    engine.worker()
    engine.define(maker("makes", LEFT, {"alias": "daily"}))
    engine.define(taker("takes", {"all": [LEFT, {"alias": "daily"}]}))
    engine.trigger("makes", logical_date=engine.now)
    said = (
        {"of": ["alias", "daily"], "asset": NEW, "extra": {"n": 1}},
        {"of": ["name", "left"], "extra": {"rows": 7}},
    )
    engine.run_to_end(assets=said)
    look(engine)
    engine.advance()
    (claim,) = engine.claim()
    with db.read() as session:
        job = job_of(claim, engine.graphs.get(session, claim.version_id), tmp_path)
    return cast("Any", Asking(Answers(db, FernetCipher(SecretKey(("k" * 32,))), SystemClock()), job))


def test_a_run_knows_the_events_that_began_it_by_asset_and_by_alias(channel):
    triggering = TriggeringEvents(channel.triggering_events)
    (event,) = triggering[Asset("left", "s3://left")]
    assert (event.extra, event.source_dag_id, event.source_task_id) == ({"rows": 7}, "makes", "make")
    assert event.source_dag_run
    assert event.source_dag_run.logical_date is not None
    (named,) = triggering.for_asset_alias(name="daily")
    assert (named.uri, named.asset.extra, named.extra) == ("s3://shop/new", {"owner": "ada"}, {"n": 1})
    assert set(triggering) == {Asset("left", "s3://left"), Asset("new", "s3://shop/new"), AssetAlias("daily")}
    with pytest.raises(KeyError):
        triggering[Asset("other")]


def test_a_task_reads_the_events_of_its_inlets(channel):
    inlets = InletEvents(channel, [Asset.ref(uri="s3://shop/new"), AssetAlias("daily")])
    assert [each.extra for each in inlets[0]] == [{"n": 1}]
    assert len(inlets[AssetAlias("daily")].limit(1)) == 1
    assert len(inlets.for_asset(name="left").after("2100-01-01T00:00:00+00:00")) == 0


def test_a_function_is_given_assets_as_they_were_declared(channel):
    assert channel.get_asset("new")["uri"] == "s3://shop/new"
    with pytest.raises(NotFound, match="There is no asset 'nothing'"):
        channel.get_asset("nothing")
