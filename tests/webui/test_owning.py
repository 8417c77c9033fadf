"""Variables, connections and pools of teams: whoever has rights about a team writes what that owns, and no more."""

from __future__ import annotations

import pytest
from flask import Flask

from scheduler.core.scopes import EVERYTHING, Scope
from scheduler.errors import BadParams, Forbidden, NotFound
from scheduler.runtime.supervisor.connection_trials import ConnectionTrials
from scheduler.security.encryption import FernetCipher
from scheduler.security.rights import Right
from scheduler.store import Database
from scheduler.store.connections import Connection, put_connection
from scheduler.store.pools import Pool, put_pool
from scheduler.store.teams import give_to_team, teams_of
from tests.webui.conftest import SECRET_KEY, StillClock, build
from tests.webui.test_rights import _asker, _asking
from webui.owning import check_owned, give_to
from webui.trying import try_out

CIPHER = FernetCipher(SECRET_KEY)
ANN = Scope(teams=frozenset({"shop"}))
BOTH = Scope(teams=frozenset({"shop", "stock"}))


def make(app: Flask, db: Database, name: str, scope: Scope, team: str | None = None) -> None:
    with _asking(app, _asker(("Op", scope))), db.write() as session:
        assert not check_owned(session, "pool", name, Right.POOL_EDIT)
        put_pool(session, Pool(name, 1))
        give_to(session, "pool", name, Right.POOL_EDIT, team)


def test_what_somebody_of_one_team_makes_is_that_teams(app: Flask, db: Database) -> None:
    make(app, db, "gpu", ANN)
    make(app, db, "disk", BOTH, "stock")
    make(app, db, "all", EVERYTHING)
    with db.read() as session:
        assert teams_of(session, "pool", ["gpu", "disk", "all"]) == {
            "gpu": "shop",
            "disk": "stock",
            "all": None,
        }


def test_what_is_another_teams_or_everybodys_is_not_there_to_be_changed(app: Flask, db: Database) -> None:
    make(app, db, "disk", BOTH, "stock")
    with _asking(app, _asker(("Op", ANN))), db.read() as session:
        for name in ("disk", "default_pool"):
            with pytest.raises(NotFound, match=f"There is no pool '{name}'"):
                check_owned(session, "pool", name, Right.POOL_EDIT)
    with _asking(app, _asker(("Op", EVERYTHING))), db.read() as session:
        assert check_owned(session, "pool", "disk", Right.POOL_EDIT)


def test_a_team_must_be_named_among_several_and_be_ones_own(app: Flask, db: Database) -> None:
    with pytest.raises(BadParams, match="Say in team_name whose the pool 'gpu' is to be: shop, stock"):
        make(app, db, "gpu", BOTH)
    with pytest.raises(Forbidden, match="of team 'stock'"):
        make(app, db, "gpu", ANN, "stock")


def test_a_connection_of_another_team_is_not_tried_out(db: Database, clock: StillClock) -> None:
    app = build(db, clock, trials=ConnectionTrials({}, command=["false"]))
    with db.write() as session:
        put_connection(session, clock.now(), CIPHER, Connection(conn_id="theirs", conn_type="sqlite"))
        give_to_team(session, "connection", "theirs", "stock")
    with _asking(app, _asker(("Op", ANN))):
        with pytest.raises(NotFound, match="There is no connection 'theirs'"):
            try_out("theirs", lambda before: before or Connection(conn_id="theirs", conn_type="sqlite"))
        ours = Connection(conn_id="ours", conn_type="sqlite")
        assert try_out("ours", lambda before: before or ours)[0] is False
