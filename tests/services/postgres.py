"""PostgreSQL, and databases made and dropped in it."""

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import psycopg
from sqlalchemy.engine import make_url

from tests.services.server import Server, find_program

#: No test survives a power cut, so none waits for the disk.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class Postgres(Server):
    """A cluster with one superuser, `dirigent`."""

    package = "postgresql"
    settings: ClassVar[Mapping[str, str]] = SETTINGS
    users: ClassVar[Sequence[str]] = ("postgres", "nobody")
    stop_signal = signal.SIGINT  # a fast shutdown: it does not wait for clients

    @property
    def url(self) -> str:
        """The address of the database `postgres`, in SQLAlchemy's spelling."""
        return f"postgresql+psycopg://dirigent:{self.password}@127.0.0.1:{self.port}/postgres"

    @classmethod
    def program(cls) -> Path:
        """Find `postgres`; Debian keeps it off PATH, in a folder a version."""
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin_: int(bin_.parent.name))
        return find_program("postgres", cls.package, versions)

    def prepare(self) -> None:
        """Initialise the cluster."""
        secret = self.folder / "password"
        secret.touch(0o600)
        secret.write_text(self.password)
        self.own(self.folder, secret)
        # Tests open thousands of sessions: with SCRAM each would take twice as long.
        options = ["--username=dirigent", f"--pwfile={secret}", "--auth=md5", "--no-sync"]
        options += ["--encoding=UTF8", "--locale=C", f"--pgdata={self.data}"]
        initdb = self.spawn([self.program().with_name("initdb"), *options])
        if initdb.wait() != 0:
            raise subprocess.CalledProcessError(
                initdb.returncode, "initdb", (self.folder / "log").read_text()
            )

    def command(self) -> Sequence[str | Path]:
        """Run the cluster on its port, without a socket in the file system."""
        settings = [f"-c{name}={value}" for name, value in self.settings.items()]
        return [self.program(), "-D", self.data, "-p", str(self.port), *settings]

    def is_ready(self) -> bool:
        """Whether a session can be opened."""
        try:
            with connect(self.url):
                return True
        except psycopg.OperationalError:
            return False

    @property
    def data(self) -> Path:
        """Where the cluster lies."""
        return self.folder / "data"


def connect(url: str) -> psycopg.Connection:
    """Open a session in which every statement commits itself."""
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=20)


@contextmanager
def database(server_url: str, template: str = "template0") -> Iterator[str]:
    """Make a copy of `template` on the server: its address. Dropped at the end, whoever is still in it."""
    name = f"test_{uuid4().hex}"
    with connect(server_url) as session:
        session.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with connect(server_url) as session:
        session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
