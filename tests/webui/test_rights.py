"""Deny by default: every view says what it needs, and whoever asks sees and does what they were granted, no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from flask import Flask, g

from scheduler.core.scopes import EVERYTHING, Scope
from scheduler.errors import Forbidden, NotFound
from scheduler.operations.accounts import set_role
from scheduler.security.rights import ROLES, Asker, Grant, Right
from scheduler.store import Database
from scheduler.store.views.runs import RunWanted, count_runs
from tests.webui.conftest import HERE, StillClock, sign_in
from webui.context import reading
from webui.rights import check_rights, declared, may, require
from webui.security import PUBLIC, SIGNED

SHOP = Scope(tags=frozenset({"shop"}))
STOCK = Scope(tags=frozenset({"stock"}))


def _asker(*grants: tuple[str, Scope]) -> Asker:
    return Asker("ada", "password", tuple(Grant(ROLES[role], scope, role) for role, scope in grants))


@contextmanager
def _asking(app: Flask, asker: Asker, address: str = "/dags") -> Iterator[None]:
    with app.test_request_context(address, base_url=HERE):
        g.asker = asker
        yield


def test_every_view_says_which_rights_it_needs(app: Flask) -> None:
    silent = [
        each for each in app.view_functions if each not in PUBLIC | SIGNED and declared(app, each) is None
    ]
    assert silent == [], "put @needs(Right....) below its route"


def test_a_view_that_says_nothing_is_refused(app: Flask, db: Database, clock: StillClock) -> None:
    app.add_url_rule("/silent", view_func=lambda: "all there is")
    answer = sign_in(app, db, clock.now()).get("/silent")
    assert answer.status_code == 403
    assert "does not say which right it needs" in answer.text


def test_roles_grow_from_viewer_to_admin() -> None:
    held = list(ROLES.values())
    assert [*ROLES] == ["Viewer", "User", "Op", "Admin"]
    assert all(less < more for less, more in pairwise(held))
    assert held[-1] == frozenset(Right)


def test_who_lacks_a_right_is_told_which(app: Flask) -> None:
    with _asking(app, _asker(("Viewer", EVERYTHING)), "/dags/orders_hourly/trigger"):
        with pytest.raises(Forbidden, match=r"needs the right dag\.run"):
            check_rights()
        require(Right.DAG_READ, dag_id="orders_hourly")


def test_a_right_about_some_dags_is_none_about_others(app: Flask) -> None:
    with _asking(app, _asker(("User", SHOP), ("Viewer", STOCK))):
        require(Right.DAG_RUN, dag_id="orders_hourly")
        with pytest.raises(Forbidden, match=r"dag\.run about 'warehouse_sync'"):
            require(Right.DAG_RUN, dag_id="warehouse_sync")
        assert may("dag.run", "orders_hourly")
        assert not may("dag.run", "warehouse_sync")
        assert may("dag.read", "warehouse_sync")
        assert not may("dag.read", "carrier_fanout")


def test_a_dag_out_of_sight_is_absent_in_the_words_of_one_that_is_not_there(app: Flask) -> None:
    with _asking(app, _asker(("Admin", SHOP))):
        for dag_id in ("warehouse_sync", "nothing"):
            with pytest.raises(NotFound, match=rf"^There is no DAG '{dag_id}'\.$"):
                require(Right.DAG_RUN, dag_id=dag_id)


def test_rights_about_the_server_are_nobodys_who_was_granted_some_dags(app: Flask) -> None:
    with _asking(app, _asker(("Admin", SHOP))):
        with pytest.raises(Forbidden):
            require(Right.USER_EDIT)
        require(Right.DAG_READ)
    with _asking(app, _asker(("Admin", EVERYTHING))):
        require(Right.USER_EDIT)


def test_what_a_view_reads_is_where_whoever_asks_has_all_that_it_needs(app: Flask) -> None:
    with _asking(app, _asker(("User", SHOP), ("Viewer", STOCK))):
        for rights, count in [
            ((), 13),
            ((Right.DAG_RUN,), 13),
            ((Right.USER_EDIT,), 13),
            ((Right.VARIABLE_READ,), 0),
        ]:
            g.rights = rights
            with reading() as session:
                assert count_runs(session, RunWanted()) == count
    with app.test_request_context(base_url=HERE), reading() as session:
        assert count_runs(session, RunWanted()) == 0


def test_who_may_change_something_without_seeing_it_is_refused_as_the_answer_would_show_it(
    app: Flask, db: Database, clock: StillClock
) -> None:
    grant = Grant(frozenset({Right.VARIABLE_EDIT, Right.DAG_EDIT}), role="Blind")
    for needed in [rights for endpoint in app.view_functions if (rights := declared(app, endpoint))]:
        if {Right.VARIABLE_EDIT, Right.DAG_EDIT} & {*needed}:
            with _asking(app, Asker("ada", "password", (grant,))), pytest.raises(Forbidden, match=r"\.read"):
                require(*needed)
    with db.write() as session:
        assert "variable.read" in set_role(session, clock.now(), "Setter", ["variable.edit"], actor="cli")
