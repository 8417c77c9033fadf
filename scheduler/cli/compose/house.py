"""What every server needs, opened once a process."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.cli.parts.collectors import open_collector
from scheduler.cli.parts.corrected_clock import CorrectedClock
from scheduler.clock import Clock, SystemClock
from scheduler.compat.airflow import finder
from scheduler.config import Settings
from scheduler.metrics.instruments import Meter
from scheduler.plugins.loading import Plugins, load_plugins
from scheduler.security.secret_key import SecretKey, load_secret_key
from scheduler.store.engine import Database
from scheduler.store.graph_cache import GraphCache
from scheduler.store.migrate import upgrade, upgrade_beside_others
from scheduler.store.postgresql import IDLE_LIMIT_S
from scheduler.vitals import Vitals

if TYPE_CHECKING:
    from scheduler.tracing.collector import Collected


@dataclass(frozen=True, slots=True)
class House:
    """What every server needs: settings, an open database that is up to date, the secret, a clock."""

    settings: Settings
    db: Database
    secret: SecretKey
    clock: CorrectedClock
    graphs: GraphCache = field(default_factory=GraphCache)
    vitals: Vitals = field(default_factory=Vitals)
    collected: Collected | None = None
    plugins: Plugins = field(default_factory=Plugins)

    def keep_open(self, parts: ExitStack) -> None:
        """Close the database with `parts`, and until then tell the collector, where there is one."""
        parts.callback(self.db.close)
        if self.collected is not None:
            self.collected.start()
            parts.callback(self.collected.close)

    def check_clock(self) -> None:
        """Set the clock right by the database's; to be called now and then. One process alone may go by its own."""
        if not self.settings.is_embedded:
            self.clock.compare(self.db)

    @property
    def metrics_token(self) -> str | None:
        """What programs carry that read metrics."""
        token = self.settings.metrics_token
        return token.get_secret_value() if token else None

    @property
    def log_folder(self) -> Path:
        """Where logs of this host lie."""
        return self.settings.home / "logs"


def open_house(settings: Settings, clock: Clock | None = None) -> House:
    """Open the database, brought up to date and watched for what others write, and read the secret.

    The secret is made at the first start of an embedded server; several processes must be given theirs.
    Raises DatabaseUnavailable, NewerDatabase, OlderDatabase, BadSetting.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    secret = load_secret_key(settings.home, given, may_create=settings.is_embedded)
    db = Database(
        settings.database_url,
        synchronous=settings.sqlite_synchronous,
        # A process that is frozen in a transaction holds up nobody for as long as a lease.
        idle_limit_s=min(IDLE_LIMIT_S, settings.lease_s / 2),
    )
    if settings.is_embedded:
        upgrade(db)
    else:
        upgrade_beside_others(db)
    db.watch()
    db.observer = Meter()
    corrected = CorrectedClock(clock or SystemClock())
    vitals = Vitals(corrected.monotonic, settings.health_late_s)
    collected = open_collector(settings.otlp_url, db, secret, corrected)
    plugins = load_plugins(settings.plugins_folder, finder.install)
    house = House(settings, db, secret, corrected, vitals=vitals, collected=collected, plugins=plugins)
    house.check_clock()
    return house
