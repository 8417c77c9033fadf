"""`task_state_store` and `asset_state_store`, as tasks use them."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import DAG, NEVER_EXPIRE, Asset, AssetAlias, task
from scheduler.sdk.state_store import AssetStateStores, TaskStateStore
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import attempt


class _Listening(LocalChannel):
    """Notes for how long states are to be kept."""

    def __init__(self):
        super().__init__("d", {}, {})
        self.retentions = {}

    def set_state(self, key, value, *, asset=None, retention=None):
        self.retentions[key] = retention
        super().set_state(key, value, asset=asset, retention=retention)


def _run(function, channel=None):
    with DAG("d") as dag:
        task(task_id="a")(function)()
    return attempt(dag, channel)


def _asserts(outcome):
    assert outcome.state == "success", outcome.error


def test_a_task_keeps_what_it_can_hand_on():
    def keeps(task_state_store):
        assert task_state_store.get("seen") is None
        assert task_state_store.get("seen", 1) == 1
        task_state_store.set("seen", {datetime(2026, 1, 1, tzinfo=UTC)})
        task_state_store.set("job", "j-1")
        assert task_state_store.get("seen") == {datetime(2026, 1, 1, tzinfo=UTC)}
        assert task_state_store.keys() == ["job", "seen"]
        task_state_store.delete("job")
        task_state_store.delete("job")
        assert task_state_store.keys() == ["seen"]
        task_state_store.clear()
        assert task_state_store.keys() == []

    _asserts(_run(keeps))


def test_a_retry_finds_what_the_try_before_kept():
    with DAG("d") as dag:

        @task(retries=1, retry_delay=timedelta(0))
        def counts(task_state_store=None):
            tries = task_state_store.get("tries", 0) + 1
            task_state_store.set("tries", tries)
            if tries < 2:
                raise ValueError("the first try")
            return tries

        counts()
    assert dag.test().xcoms["counts"] == 2


def test_a_task_says_how_long_a_key_is_kept():
    def keeps(task_state_store):
        task_state_store.set("usual", 1)
        task_state_store.set("short", 1, retention=timedelta(hours=6))
        task_state_store.set("ever", 1, retention=NEVER_EXPIRE)

    channel = _Listening()
    _asserts(_run(keeps, channel))
    assert channel.retentions == {"usual": None, "short": 21600.0, "ever": "never"}


def test_an_asynchronous_task_awaits_it():
    async def keeps(task_state_store, asset_state_store):
        for store in (task_state_store, asset_state_store["orders"]):
            await store.aset("page", 1)
            assert await store.aget("page") == 1
            await store.adelete("page")
            assert await store.aget("page", "none") == "none"
            await store.aclear()

    _asserts(_run(keeps))


def test_what_is_kept_with_an_asset_is_found_by_its_name():
    def keeps(asset_state_store):
        asset_state_store[Asset("orders", uri="s3://orders")].set("watermark", 3)
        assert asset_state_store["orders"].get("watermark") == 3
        assert asset_state_store["others"].get("watermark") is None

    _asserts(_run(keeps))


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda tasks, assets: tasks.set("k", None), "keeps no None under 'k'"),
        (lambda tasks, assets: tasks.set("k", object()), "What is kept under 'k' is of the type object"),
        (lambda tasks, assets: tasks.set("k", 1, retention=timedelta(0)), "longer than nothing"),
        (lambda tasks, assets: assets.get("k"), "0 assets among its inlets and outlets"),
        (lambda tasks, assets: assets[7], "takes an asset or its name, not 7"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(use, words):
    def keeps(task_state_store, asset_state_store):
        use(task_state_store, asset_state_store)

    outcome = _run(keeps)
    assert outcome.state == "failed"
    assert words in outcome.reason


def test_outside_of_a_task_nothing_is_kept():
    for use in (lambda: TaskStateStore().get("k"), lambda: AssetStateStores()["a"].get("k")):
        with pytest.raises(Exception, match="can be used in a running task only"):
            use()


def test_a_task_with_one_asset_need_not_name_it():
    with DAG("d") as dag:

        @task(task_id="a", inlets=[Asset("orders")], outlets=[Asset("orders"), AssetAlias("others")])
        def keeps(asset_state_store=None):
            asset_state_store.set("watermark", 3)
            assert asset_state_store["orders"].get("watermark") == 3

        keeps()
    _asserts(attempt(dag))
