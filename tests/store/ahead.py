"""Tables as the next release may have them: more columns, more tables, and a revision that nobody knows here."""

from __future__ import annotations

from scheduler.store import Database
from scheduler.store.tables import metadata


def go_ahead(db: Database, *, bears: str) -> None:
    """Add to every table what an older program leaves empty; `bears`: the oldest revision that may go on."""
    with db.write() as session:
        for name in sorted(metadata.tables):
            session.exec_driver_sql(f'ALTER TABLE "{name}" ADD COLUMN of_tomorrow TEXT')
            session.exec_driver_sql(f'ALTER TABLE "{name}" ADD COLUMN how_many INTEGER NOT NULL DEFAULT 0')
            session.exec_driver_sql(f'CREATE INDEX ix_{name}_of_tomorrow ON "{name}" (of_tomorrow)')
        session.exec_driver_sql("CREATE TABLE tomorrow (id INTEGER PRIMARY KEY)")
        session.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        session.exec_driver_sql(f"UPDATE table_form SET oldest = '{bears}'")
