"""Who leads: a lease by the database's clock, one holder a role."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.failpoints import Edge
from scheduler.store.engine import Session
from scheduler.store.instants import db_now, db_now_plus
from scheduler.store.tables import leader
from scheduler.store.transaction import at_edge
from scheduler.store.upsert import insert_into

L = leader.c


def take_lead(session: Session, name: str, holder: str, lease_s: float, address: str = "") -> bool:
    """Take or prolong the lead; false where another holder's lease is still good. One statement."""
    statement = insert_into(session, leader).on_conflict_do_update(
        index_elements=[L.name],
        set_={
            "holder": holder,
            "epoch": sa.case((L.holder == holder, L.epoch), else_=L.epoch + 1),
            "lease_until": db_now_plus(lease_s),
            "address": address,
        },
        where=sa.or_(L.holder == holder, L.lease_until < db_now()),
    )
    first = {
        "name": name,
        "holder": holder,
        "epoch": 1,
        "lease_until": db_now_plus(lease_s),
        "address": address,
    }
    at_edge(session, Edge.LEAD_TAKEN)
    return session.execute(statement.values(first).returning(L.holder)).scalar() == holder


def keep_lead(session: Session, name: str, holder: str, lease_s: float) -> bool:
    """Prolong the lead within a transaction of the leader; false where another has taken it. Locks its row."""
    statement = sa.update(leader).where(L.name == name, L.holder == holder)
    return session.execute(statement.values(lease_until=db_now_plus(lease_s))).rowcount == 1


def give_up_lead(session: Session, name: str, holder: str) -> None:
    """Let another take over at once."""
    at_edge(session, Edge.LEAD_YIELDED)
    session.execute(
        sa.update(leader).where(L.name == name, L.holder == holder).values(lease_until=db_now_plus(-1.0))
    )


def has_leader(session: Session, name: str = "scheduler") -> bool:
    """Tell whether somebody leads, by a lease that is good by the database's clock."""
    query = sa.select(sa.exists(sa.select(sa.literal(1)).where(L.name == name, L.lease_until > db_now())))
    return bool(session.execute(query).scalar())
