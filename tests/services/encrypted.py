"""PostgreSQL, Redis and RabbitMQ that talk TLS and nothing else."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.services.certificates import Authority
from tests.services.postgres import Postgres
from tests.services.rabbitmq import RabbitMQ
from tests.services.redis import Redis


class EncryptedPostgres(Postgres):
    """Refuses whoever comes without TLS."""

    authority: Authority

    def prepare(self) -> None:
        """Give the cluster a certificate, and close the door without one."""
        super().prepare()
        self.authority, files = _certified(self)
        self._options = [f"-cssl_cert_file={files[0]}", f"-cssl_key_file={files[1]}", "-cssl=on"]
        (self.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 md5\n")

    @property
    def url(self) -> str:
        """The address of the database `postgres`, for clients that check whom they talk to."""
        asked = {"sslmode": "verify-full", "sslrootcert": str(self.authority.file)}
        return make_url(super().url).update_query_dict(asked).render_as_string(hide_password=False)

    def command(self) -> Sequence[str | Path]:
        """Run with the certificate."""
        return [*super().command(), *self._options]


class EncryptedRedis(Redis):
    """Listens on its port with TLS only."""

    authority: Authority

    def prepare(self) -> None:
        """Write the settings, with a certificate."""
        super().prepare()
        self.authority, (certificate, key) = _certified(self)
        settings = self.folder / "redis.conf"
        plain = settings.read_text().replace(f"port {self.port}", f"port 0\ntls-port {self.port}")
        settings.write_text(
            f"{plain}tls-cert-file {certificate}\ntls-key-file {key}\n"
            f"tls-ca-cert-file {self.authority.file}\ntls-auth-clients no\n"
        )

    @property
    def url(self) -> str:
        """The address of database 0, for clients that check whom they talk to."""
        return f"rediss{super().url.removeprefix('redis')}?ssl_ca_certs={self.authority.file}"


class EncryptedRabbitMQ(RabbitMQ):
    """Listens on its port with TLS only."""

    authority: Authority

    def prepare(self) -> None:
        """Write the settings, with a certificate."""
        super().prepare()
        self.authority, (certificate, key) = _certified(self)
        settings = self.folder / "rabbitmq.conf"
        listener = f"listeners.tcp.1 = 127.0.0.1:{self.port}"
        plain = settings.read_text().replace(
            listener, f"listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{self.port}"
        )
        settings.write_text(
            f"{plain}ssl_options.certfile = {certificate}\nssl_options.keyfile = {key}\n"
            f"ssl_options.cacertfile = {self.authority.file}\nssl_options.verify = verify_none\n"
        )

    @property
    def url(self) -> str:
        """The address of the virtual host `/`, for clients that check whom they talk to."""
        return f"amqps{super().url.removeprefix('amqp')}?ssl_ca_certs={self.authority.file}"


def _certified(server: Postgres | Redis | RabbitMQ) -> tuple[Authority, tuple[Path, Path]]:
    """Give a server an authority and a certificate, and let clients of other users read the former."""
    server.folder.chmod(0o711)
    authority = Authority(server.folder)
    files = authority.issue(server.folder)
    server.own(*files)
    return authority, files
