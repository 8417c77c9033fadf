"""The databases of the store's suite."""

from tests.store.databases import (  # noqa: F401 - fixtures
    db,
    empty_db,
    empty_postgres_db,
    migrated_sqlite_db,
    migrated_template,
    new_postgres_db,
    postgres_admin,
    postgres_db,
    sqlite_db,
    write,
)
