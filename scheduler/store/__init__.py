"""The database: tables, sessions, and one module a noun. The only place with SQL."""

from __future__ import annotations

from scheduler.store.engine import Count, Database, Session
from scheduler.store.instants import db_now, db_now_plus, read_db_now
from scheduler.store.transaction import request_wake
from scheduler.store.wake import LocalWake

__all__ = [
    "Count",
    "Database",
    "LocalWake",
    "Session",
    "db_now",
    "db_now_plus",
    "read_db_now",
    "request_wake",
]
