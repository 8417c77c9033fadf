"""PgBouncer in transaction mode: what stands between many processes and a PostgreSQL with few connections."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import psycopg
from sqlalchemy.engine import make_url

from tests.services.postgres import connect
from tests.services.server import Server, find_program


class PgBouncer(Server):
    """Hands each transaction whichever of a few connections is free; call `serve` before it starts."""

    package = "pgbouncer"
    users: ClassVar[Sequence[str]] = ("postgres", "nobody")
    pool_size = 6
    _target = make_url("postgresql://")

    def serve(self, target_url: str) -> None:
        """Say which server stands behind it."""
        self._target = make_url(target_url)
        target = self._target
        users = self.folder / "users"
        users.touch(0o600)
        users.write_text(f'"{target.username}" "{target.password}"\n')
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host={target.host} port={target.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = md5\nauth_file = {users}\npool_mode = transaction\n"
            f"default_pool_size = {self.pool_size}\nmax_client_conn = 500\nserver_reset_query_always = 0\n"
        )
        self.own(self.folder, users, settings)

    @property
    def url(self) -> str:
        """The address of the database of the server behind it."""
        return self._target.set(host="127.0.0.1", port=self.port).render_as_string(hide_password=False)

    @classmethod
    def program(cls) -> Path:
        """Find `pgbouncer`."""
        return find_program("pgbouncer", cls.package)

    def prepare(self) -> None:
        """Nothing is known yet of whom it serves."""

    def command(self) -> Sequence[str | Path]:
        """Run in the foreground."""
        return [self.program(), self.folder / "pgbouncer.ini"]

    def is_ready(self) -> bool:
        """Whether a session can be opened through it."""
        try:
            with connect(self.url):
                return True
        except psycopg.OperationalError:
            return False
