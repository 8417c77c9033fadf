"""What every server needs, opened once a process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scheduler.cli.corrected_clock import CorrectedClock
from scheduler.clock import Clock, SystemClock
from scheduler.config import Settings
from scheduler.security.secret_key import SecretKey, load_secret_key
from scheduler.store.engine import Database
from scheduler.store.graph_cache import GraphCache
from scheduler.store.migrate import upgrade


@dataclass(frozen=True, slots=True)
class House:
    """What every server needs: settings, an open database that is up to date, the secret, a clock."""

    settings: Settings
    db: Database
    secret: SecretKey
    clock: CorrectedClock
    graphs: GraphCache = field(default_factory=GraphCache)

    def check_clock(self) -> None:
        """Set the clock right by the database's; to be called now and then. One process alone may go by its own."""
        if not self.settings.is_embedded:
            self.clock.compare(self.db)

    @property
    def log_folder(self) -> Path:
        """Where logs of this host lie."""
        return self.settings.home / "logs"


def open_house(settings: Settings, clock: Clock | None = None) -> House:
    """Open the database, brought up to date and watched for what others write, and read the secret.

    The secret is made at the first start of an embedded server; several processes must be given theirs.
    Raises DatabaseUnavailable, NewerDatabase, BadSetting.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    secret = load_secret_key(settings.home, given, may_create=settings.is_embedded)
    db = Database(settings.database_url, synchronous=settings.sqlite_synchronous)
    upgrade(db)
    db.watch()
    house = House(settings, db, secret, CorrectedClock(clock or SystemClock()))
    house.check_clock()
    return house
