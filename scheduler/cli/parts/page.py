"""The page on its port: Flask's application served by waitress, in threads of this process."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from threading import Thread
from typing import Any

from waitress.wasyncore import close_all

from scheduler.cli.parts.visitors import Patience, Reception, Seal, WsgiApp
from scheduler.errors import BadSetting
from scheduler.store.accounts import has_accounts
from scheduler.store.engine import Database


def bind(host: str, port: int) -> socket.socket:
    """Listen on the port, before anything else starts. Raises BadSetting where that cannot be."""
    return listen(host, port, "DIRIGENT_PORT")


def check_reach(host: str, db: Database) -> None:
    """Raise BadSetting where others could reach a page without accounts: a link lets anybody do everything there."""
    if is_loopback(host):
        return
    with db.read() as session:
        if has_accounts(session):
            return
    remedy = (
        "without accounts the page answers on loopback only, such as 127.0.0.1; make one first: "
        "`dirigent users create NAME --role Admin`"
    )
    raise BadSetting("DIRIGENT_HOST", host, remedy)


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Listen on the port that a setting names. Raises BadSetting where that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise BadSetting(setting, port, f"no address is known for {host}: {error.strerror}") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = (error.strerror or str(error)).lower()
        raise BadSetting(setting, port, f"{reason} on {host}; choose another, or 0") from None
    return listener


def is_loopback(host: str) -> bool:
    """Tell whether only this host reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(listener: socket.socket, scheme: str = "http") -> str:
    """Return the address of the page that listens there."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class Page:
    """Serves an application on a listening socket."""

    def __init__(
        self,
        app: WsgiApp,
        listener: socket.socket,
        patience: Patience | None = None,
        name: str = "dirigent-page",
        seal: Seal | None = None,
    ) -> None:
        self._server: Any = Reception(app, listener, patience or Patience(), seal)
        self._thread = Thread(target=self._server.run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._server.streams.start()
        self._thread.start()

    def close(self) -> None:
        """Answer no more; what is being answered has a second to end."""
        self._server.task_dispatcher.shutdown(timeout=1)
        # Sockets are closed when the thread that waits for them is gone, and not below the pull that ends it.
        sockets: dict[int, Any] = {}
        self._server.trigger.pull_trigger(lambda: self._leave(sockets))
        self._thread.join()
        self._server.streams.close()
        close_all(sockets, ignore_all=True)

    def _leave(self, sockets: dict[int, Any]) -> None:
        """End the loop of the server's thread, which runs while it has sockets; take them over."""
        sockets.update(self._server._map)
        self._server._map.clear()
