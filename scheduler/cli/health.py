"""`dirigent health`: asks a server of this host whether it makes progress, for probes without an HTTP client."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import output_option, print_record
from scheduler.cli.parts.lock import address_of_server
from scheduler.config import Settings
from scheduler.errors import NoAnswer

TIMEOUT_S: Final = 5.0
#: An address to listen on at every interface; asked for at loopback.
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@click.command()
@click.option("--live", is_flag=True, help="Ask only whether it hangs and should be restarted.")
@click.option(
    "--url", help="Address of the server, such as http://127.0.0.1:9464; found by the settings otherwise."
)
@output_option
@pass_invocation
def health(invocation: Invocation, output: str, *, live: bool, url: str | None) -> int:
    """Ask a server of this host whether all its parts make progress; exit 1 when one does not, or none answers."""
    address = (url or address_of(invocation.settings)).rstrip("/")
    is_ok, body = ask(f"{address}/health/{'live' if live else 'ready'}", None if url else _own())
    parts = body.pop("parts", {})
    print_record(body | parts, output)
    return 0 if is_ok else 1


def address_of(settings: Settings) -> str:
    """Return where the server of these settings answers: at its small endpoint, or on its page."""
    if settings.metrics_port:
        return _url(settings.metrics_host, settings.metrics_port)
    if settings.port:
        return _url(settings.host, settings.port, settings.page_scheme)
    running = address_of_server(settings.home)
    if running is None:
        raise NoAnswer(f"No server runs on {settings.home}; set DIRIGENT_METRICS_PORT, or give --url.")
    return running


def _url(host: str, port: int, scheme: str = "http") -> str:
    name = _ANY.get(host, host)
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"


def _own() -> ssl.SSLContext:
    """Return how a server of this host is asked: its certificate names it as others call it, and nothing is told it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def ask(url: str, context: ssl.SSLContext | None = None) -> tuple[bool, dict[str, Any]]:
    """Return whether the answer is good, and what it says. Raises NoAnswer where there is none."""
    try:
        with build_opener(ProxyHandler({}), HTTPSHandler(context=context)).open(
            url, timeout=TIMEOUT_S
        ) as answer:
            return True, _read(url, answer.read())
    except HTTPError as error:
        with error:
            return False, _read(url, error.read())
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise NoAnswer(
            f"{url} does not answer ({reason}); is the server up, and is this its address?"
        ) from None


def _read(url: str, text: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
        return {"status": found["status"], "parts": found.get("parts", {})}
    except (ValueError, KeyError, TypeError):
        raise NoAnswer(f"{url} is no server of Dirigent: it does not speak of health.") from None
