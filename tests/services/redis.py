"""Redis, with enough numbered databases for a test run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import redis

from tests.services.server import Server, find_program

DATABASES = 10_000


class Redis(Server):
    """A server that keeps everything in memory and asks for a password."""

    package = "redis-server"
    users: ClassVar[Sequence[str]] = ("redis", "nobody")

    @property
    def url(self) -> str:
        """The address of database 0, which hands out the numbers of the others."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @classmethod
    def program(cls) -> Path:
        """Find `redis-server`."""
        return find_program("redis-server", cls.package)

    def prepare(self) -> None:
        """Write the settings: in a file, for a password on the command line is anyone's to read."""
        settings = self.folder / "redis.conf"
        settings.touch(0o600)
        settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndatabases {DATABASES}\n"
            f'save ""\nappendonly no\ndir {self.folder}\n'
        )
        self.own(self.folder, settings)

    def command(self) -> Sequence[str | Path]:
        """Run in the foreground."""
        return [self.program(), self.folder / "redis.conf"]

    def is_ready(self) -> bool:
        """Whether it answers a ping."""
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """An empty numbered database that nobody else of this run uses: its address."""
    with redis.Redis.from_url(server_url) as counter:
        number = 1 + int(counter.incr("databases handed out")) % (DATABASES - 1)
    url = server_url.rsplit("/", 1)[0] + f"/{number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()
