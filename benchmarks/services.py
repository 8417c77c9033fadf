"""A PostgreSQL that waits for its disk, and a Redis: started for the measurement, on private ports and folders."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.services.postgres import SETTINGS, Postgres
from tests.services.redis import Redis
from tests.services.server import free_port, unprivileged


class DurablePostgres(Postgres):
    """As it is installed: a commit is on disk when it is answered."""

    settings: ClassVar[Mapping[str, str]] = SETTINGS | {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
    }


class KeptPostgres(DurablePostgres):
    """One whose folder stays when it stops, and is used again."""

    def __init__(self, folder: Path) -> None:
        """Prepare `folder`, or take it as it was left."""
        if not (folder / "password").exists():
            super().__init__(folder)
            return
        self.folder, self.process = folder, None
        self.port, self.user = free_port(), unprivileged(self.users)
        self.password = (folder / "password").read_text()

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def private_services() -> Iterator[dict[str, str]]:
    """Run both; give the settings that name them."""
    folder = Path(tempfile.mkdtemp(prefix="dirigent-bench-services-"))
    folder.chmod(0o711)  # the servers run as other users and must reach their own folder
    try:
        with DurablePostgres(folder / "postgres") as postgres, Redis(folder / "redis") as redis:
            yield {"database_url": postgres.url, "broker_url": redis.url}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
