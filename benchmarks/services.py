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


class DurablePostgres(Postgres):
    """As it is installed: a commit is on disk when it is answered."""

    settings: ClassVar[Mapping[str, str]] = SETTINGS | {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
    }


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
