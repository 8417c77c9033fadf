"""RabbitMQ, with its own node name, port mapper and cookie, and virtual hosts made and deleted in it."""

import base64
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import urlsplit
from uuid import uuid4

import psutil

from tests.services.server import Server, find_program, free_port


class RabbitMQ(Server):
    """A node without neighbours; its management page serves the tests as the door to its virtual hosts.

    The Erlang port mapper that a node starts for itself outlives it, so each server runs one of its own.
    """

    package = "rabbitmq-server"
    users: ClassVar[Sequence[str]] = ("rabbitmq", "nobody")
    ports = 2  # for clients, and the management page

    def __init__(self, folder: Path) -> None:
        """Choose the ports of the node's other listeners too."""
        self.mapper_port = free_port()
        self.cluster_port = free_port()
        self.mapper: subprocess.Popen[bytes] | None = None
        super().__init__(folder)

    @property
    def url(self) -> str:
        """The address of the virtual host `/`."""
        return f"amqp://dirigent:{self.password}@127.0.0.1:{self.port}//"

    @classmethod
    def program(cls) -> Path:
        """Find `rabbitmq-server`; the one that Debian puts on PATH insists on root or its own user."""
        return find_program("rabbitmq-server", cls.package, [Path("/usr/lib/rabbitmq/bin")])

    def prepare(self) -> None:
        """Write the settings."""
        settings = self.folder / "rabbitmq.conf"
        settings.touch(0o600)
        settings.write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            "management.tcp.ip = 127.0.0.1\n"
            f"management.tcp.port = {self.port + 1}\n"
            f"default_user = dirigent\ndefault_pass = {self.password}\n"
            "vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n"
        )
        plugins = self.folder / "plugins"
        plugins.write_text("[rabbitmq_management].\n")
        self.own(self.folder, settings, plugins)

    def environment(self) -> dict[str, str]:
        """Give every name, port and folder, so that nothing falls back on the system's."""
        return super().environment() | {
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.mapper_port),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": str(self.cluster_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_NODENAME": f"dirigent{self.port}@localhost",
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
        }

    def command(self) -> Sequence[str | Path]:
        """Run in the foreground."""
        return [self.program()]

    def start(self) -> Self:
        """Start the port mapper, then the node."""
        epmd = find_program("epmd", self.package)
        self.mapper = self.spawn([epmd, "-port", str(self.mapper_port), "-address", "127.0.0.1"])
        return super().start()

    def ask_to_stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ask the node itself: the shell script that started it would first start another node to ask it."""
        with suppress(psutil.NoSuchProcess):
            for node in psutil.Process(process.pid).children():
                node.terminate()

    def stop(self) -> None:
        """Stop the node, then the port mapper."""
        super().stop()
        self._stop_mapper()

    def kill(self) -> None:
        """Kill the node; the port mapper goes in order."""
        super().kill()
        self._stop_mapper()

    def __exit__(self, *_: object) -> None:
        self.kill()  # an orderly end takes seconds, and the data goes anyway
        super().__exit__()

    def _stop_mapper(self) -> None:
        if self.mapper is not None:
            self.mapper.terminate()
            self.mapper.wait()
            self.mapper = None

    def is_ready(self) -> bool:
        """Whether the node listens for clients."""
        with suppress(OSError):
            ask(self.url, "GET", f"health/checks/port-listener/{self.port}")
            return True
        return False


def management(url: str) -> str:
    """Give the address of the management page that belongs to an amqp address: its port is the next one."""
    parts = urlsplit(url)
    return f"http://{parts.hostname}:{(parts.port or 5672) + 1}"


def ask(url: str, method: str, path: str, body: bytes | None = None) -> bytes:
    """Ask the management page; raises OSError (HTTPError) when it says no or does not answer."""
    parts = urlsplit(url)
    credentials = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{management(url)}/api/{path}", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: bytes = answer.read()
    return content


@contextmanager
def virtual_host(server_url: str) -> Iterator[str]:
    """A new virtual host on the server: its address. Deleted at the end, with its queues and connections."""
    name = f"test-{uuid4().hex}"
    user = urlsplit(server_url).username
    ask(server_url, "PUT", f"vhosts/{name}")
    ask(server_url, "PUT", f"permissions/{name}/{user}", b'{"configure":".*","write":".*","read":".*"}')
    yield server_url.removesuffix("//") + f"/{name}"
    ask(server_url, "DELETE", f"vhosts/{name}")
