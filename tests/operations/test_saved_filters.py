"""Filters of lists that people keep."""

from __future__ import annotations

import pytest

from scheduler.errors import BadParams
from scheduler.operations.saved_filters import forget_filter, query_of, save_filter
from scheduler.store import Database
from scheduler.store.saved_filters import delete_filters_of, list_filters


def test_each_keeps_their_own_and_one_of_the_name_is_replaced(db: Database) -> None:
    with db.write() as session:
        save_filter(session, "ada", "runs", "bad", "state=failed")
        save_filter(session, "ada", "runs", "bad", "state=failed&q=a")
        save_filter(session, "ada", "dags", "bad", "state=failing")
        save_filter(session, "bob", "runs", "good", "state=success")
        assert [(each.name, each.query) for each in list_filters(session, "ada", "runs")] == [
            ("bad", "state=failed&q=a")
        ]
        forget_filter(session, "ada", "runs", "bad")
        assert list_filters(session, "ada", "runs") == []
        delete_filters_of(session, "bob")
        assert list_filters(session, "bob", "runs") == []
        assert len(list_filters(session, "ada", "dags")) == 1


def test_nobody_keeps_more_than_a_list_can_show(db: Database) -> None:
    with db.write() as session:
        for n in range(30):
            save_filter(session, "ada", "runs", f"n{n}", "state=failed")
        save_filter(session, "ada", "runs", "n0", "state=success")
        with pytest.raises(BadParams, match="forget one"):
            save_filter(session, "ada", "runs", "one more", "state=failed")


def test_what_is_no_filter_of_a_list_is_left_out() -> None:
    assert query_of("runs", {"q": "a b", "state": "failed", "before": "9", "tag": ""}) == "q=a+b&state=failed"
    assert query_of("nowhere", {"q": "a"}) == ""
