"""What a command finds around it: settings, database, clock. Each is made when first asked for."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scheduler.clock import Clock, SystemClock
from scheduler.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from scheduler.config import Settings
    from scheduler.security.encryption import FernetCipher
    from scheduler.store import Database

ACTOR: Final = "cli"


class Invocation:
    """One call of the command line."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.verbose = verbose
        self.clock: Clock = SystemClock()

    @cached_property
    def settings(self) -> Settings:
        """Return the settings of this folder and environment. Raises BadSetting."""
        return self.settings_with()

    def settings_with(self, **overrides: Any) -> Settings:
        """Return the settings with options of the command line over them. Raises BadSetting."""
        # Not imported above: pydantic takes a tenth of a second, which `dirigent version` need not wait for.
        settings: Settings = import_module("scheduler.config").load_settings(
            os.environ, Path.cwd(), **overrides
        )
        return settings

    @cached_property
    def db(self) -> Database:
        """Return the database, which must have its tables. Raises DatabaseUnavailable, NewerDatabase."""
        db = self.open_database()
        migrate: Any = import_module("scheduler.store.migrate")
        if migrate.current(db) is None:
            raise DatabaseUnavailable(f"The database {db.name} has no tables yet; run `dirigent db upgrade`.")
        return db

    def open_database(self) -> Database:
        """Return the database as it is, with tables or without."""
        store: Any = import_module("scheduler.store")
        settings = self.settings
        db: Database = store.Database(settings.database_url, synchronous=settings.sqlite_synchronous)
        return db

    @cached_property
    def cipher(self) -> FernetCipher:
        """Return what encrypts variables and connections here. Raises BadSetting where the secret is missing."""
        security: Any = import_module("scheduler.security.secret_key")
        encryption: Any = import_module("scheduler.security.encryption")
        settings = self.settings
        given = settings.secret_key.get_secret_value() if settings.secret_key else None
        secret = security.load_secret_key(settings.home, given, may_create=settings.is_embedded)
        cipher: FernetCipher = encryption.FernetCipher(secret)
        return cipher

    def now(self) -> datetime:
        """Return the present instant."""
        return self.clock.now()


pass_invocation = click.make_pass_decorator(Invocation)
