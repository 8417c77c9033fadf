"""`dirigent up`, `scheduler`, `worker` and `web`: processes that stay until they are told to stop."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from contextlib import ExitStack
from typing import Protocol
from urllib.parse import urlsplit

import click

from scheduler import failpoints
from scheduler.alert_settings import alert_rules, shown_addresses
from scheduler.cli.compose.connection_trials import trials_of
from scheduler.cli.compose.embedded import EmbeddedServer
from scheduler.cli.compose.house import House, open_house
from scheduler.cli.compose.schedulers import SchedulerServer
from scheduler.cli.compose.workers import WorkerServer, make_worker
from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.options import SpanOfSlots
from scheduler.cli.parts.archives import open_archive
from scheduler.cli.parts.attempt_logs import AttemptLogs
from scheduler.cli.parts.database_probe import DatabaseProbe
from scheduler.cli.parts.endpoint import monitor_of, serve_endpoint
from scheduler.cli.parts.lock import ServerLock
from scheduler.cli.parts.page import Page, address_of, bind, check_reach, is_loopback
from scheduler.cli.parts.proxies import BehindProxies, networks
from scheduler.cli.parts.server_log import begin_log
from scheduler.cli.parts.signals import Waits, stop_on_signal
from scheduler.cli.parts.tls import Certificate
from scheduler.cli.prices import prices_of
from scheduler.cli.shown_settings import shown_settings
from scheduler.cli.version import own_version
from scheduler.config import Settings, default_slots
from scheduler.core.scaling import Span
from scheduler.errors import BadSetting
from scheduler.git_address import shown_address
from scheduler.monitoring.monitor import Monitor
from scheduler.operations.sign_in import make_link
from scheduler.parsing.code_pruner import CodePruner
from scheduler.runtime import kernel
from scheduler.security.roles import read_role
from webui import create_app
from webui.context import OpenId, WebContext

log = logging.getLogger(__name__)

#: How often a server that hears tickets is looked after, in seconds.
WATCH_S = 10.0


class Server(Protocol):
    """A part that starts and closes."""

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End in order."""


def _prepare(settings: Settings) -> None:
    """Keep the secrets of this process from the tasks of the same user, and log to stderr.

    What was loaded by now stays for good: no later look for garbage, which holds up all threads, goes through it again.
    """
    kernel.keep_to_itself()
    gc.freeze()
    begin_log(settings)
    if failpoints.ARMED:
        log.warning("This process fails on purpose (%s): %s", failpoints.VARIABLE, failpoints.described())


def _share_the_interpreter() -> None:
    """Let threads hand the interpreter on every half millisecond: the default of 5 ms is longer than a task takes."""
    sys.setswitchinterval(0.0005)


def _serve(parts: ExitStack, *servers: Server) -> None:
    _share_the_interpreter()
    gc.freeze()
    for server in servers:
        server.start()
        parts.callback(server.close)


def stay(stop: Waits, house: House, server: EmbeddedServer | WorkerServer | None = None) -> None:
    """Wait until asked to stop, and look after clock and server meanwhile."""
    while not stop.wait(WATCH_S):
        house.check_clock()
        if server is not None:
            server.watch()


def pruner_of(house: House) -> CodePruner:
    """Return what keeps the home folder of a server from growing without end."""
    return CodePruner(house.db, house.settings.home, house.clock)


def shown_folder(settings: Settings) -> str:
    """Return where DAG files come from, in words that may be printed."""
    if settings.dags_git_url is None:
        return str(settings.dags_folder)
    return f"{shown_address(settings.dags_git_url)} at {settings.dags_git_ref}"


def make_page(house: House, port: int, monitor: Monitor) -> WebContext:
    """Return what the pages need of this process."""
    return WebContext(
        db=house.db,
        clock=house.clock,
        logs=AttemptLogs(house.db, house.log_folder, house.clock, open_archive(house.settings)),
        secret=house.secret,
        monitor=monitor,
        metrics_token=house.metrics_token,
        port=port,
        base_url=house.settings.base_url,
        is_public=not is_loopback(house.settings.host),
        dags_folder=shown_folder(house.settings),
        openid=openid_of(house.settings),
        hook_secret=secret.get_secret_value() if (secret := house.settings.dags_git_hook_secret) else None,
        graphs=house.graphs,
        alert_rules=alert_rules(house.settings),
        channels=shown_addresses(house.settings),
        prices=prices_of(house.settings),
        plugins=house.plugins,
        trials=trials_of(house.settings),
        version=own_version(),
        language=house.settings.language,
        settings=shown_settings(house.settings),
    )


def serve_page(house: House, listener: socket.socket, monitor: Monitor) -> Page:
    """Return the page on its port: encrypted where there is a certificate, and behind the proxies that are trusted."""
    settings = house.settings
    site = create_app(make_page(house, listener.getsockname()[1], monitor))
    app = BehindProxies(site, networks(settings.trusted_proxies))
    seal = Certificate(settings.tls_certificate, settings.tls_key) if settings.tls_certificate else None
    return Page(app, listener, seal=seal)


def openid_of(settings: Settings) -> OpenId | None:
    """Return the other place of sign-in, if the settings name one. Raises BadSetting."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_secret is None:
        raise BadSetting(
            "DIRIGENT_OIDC_CLIENT_SECRET", None, "oidc_issuer needs it: the secret that both know"
        )
    for each in settings.oidc_roles:
        read_role(each.rpartition("=")[2])
    return OpenId(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        scopes=settings.oidc_scopes,
        name_claim=settings.oidc_name_claim,
        groups_claim=settings.oidc_groups_claim,
        roles=settings.oidc_roles,
        label=urlsplit(settings.oidc_issuer).hostname or "OpenID Connect",
    )


@click.command()
@click.option("--host", help="Address that the page binds to.")
@click.option("--port", type=int, help="Port of the page; 0 takes any free one.")
@click.option("--parallelism", type=int, help="Attempts that run at once.")
@pass_invocation
def up(invocation: Invocation, host: str | None, port: int | None, parallelism: int | None) -> None:
    """Run everything in this process: page, scheduler and worker. Ctrl-C stops it."""
    settings = invocation.settings_with(host=host, port=port, parallelism=parallelism)
    _prepare(settings)
    with stop_on_signal() as stop, ExitStack() as parts:
        lock = ServerLock(settings.home, settings.page_url)
        parts.callback(lock.close)
        listener = bind(settings.host, settings.port)
        parts.callback(listener.close)
        address = settings.base_url or address_of(listener, settings.page_scheme)
        lock.set_address(address)
        house = open_house(settings, invocation.clock)
        house.keep_open(parts)
        check_reach(settings.host, house.db)
        monitor = monitor_of(house, "up")
        serve_endpoint(parts, house, monitor)
        page = serve_page(house, listener, monitor)
        server = EmbeddedServer(house, os.environ)
        _serve(parts, page, server, pruner_of(house))
        link = house.db.transact(lambda session: make_link(session, house.clock.now(), address))
        click.echo(f"Dirigent is up. Sign in: {link}\nDAG files: {shown_folder(settings)}   Ctrl-C stops it.")
        stay(stop, house, server)
        click.echo("Stopping.")


@click.command()
@click.option("--host", help="Address that the page binds to.")
@click.option("--port", type=int, help="Port of the page; 0 takes any free one.")
@pass_invocation
def web(invocation: Invocation, host: str | None, port: int | None) -> None:
    """Serve the page alone; schedulers and workers run elsewhere on the same database."""
    settings = invocation.settings_with(host=host, port=port)
    _prepare(settings)
    with stop_on_signal() as stop, ExitStack() as parts:
        listener = bind(settings.host, settings.port)
        parts.callback(listener.close)
        house = open_house(settings, invocation.clock)
        house.keep_open(parts)
        check_reach(settings.host, house.db)
        monitor = monitor_of(house, "web")
        serve_endpoint(parts, house, monitor)
        page = serve_page(house, listener, monitor)
        _serve(parts, page, DatabaseProbe(house.db, house.vitals))
        address = settings.base_url or address_of(listener, settings.page_scheme)
        link = house.db.transact(lambda session: make_link(session, house.clock.now(), address))
        click.echo(f"The page is up. Sign in: {link}")
        stay(stop, house)


@click.command()
@pass_invocation
def scheduler(invocation: Invocation) -> None:
    """Schedule: one of any number leads, the others take over. Needs a broker that workers share."""
    settings = invocation.settings
    _prepare(settings)
    refuse_inproc(settings)
    with stop_on_signal() as stop, ExitStack() as parts:
        house = open_house(settings, invocation.clock)
        house.keep_open(parts)
        told_at = serve_endpoint(parts, house, monitor_of(house, "scheduler"))
        _serve(parts, SchedulerServer(house, os.environ), pruner_of(house))
        click.echo(f"The scheduler is up.{_metrics_at(told_at)}")
        stay(stop, house)


@click.command()
@click.option(
    "-q", "--queues", default="default", show_default=True, help="Queues to take from, with commas."
)
@click.option(
    "--slots", type=click.IntRange(min=1), help="Attempts that run at once; four a core by default."
)
@click.option(
    "--autoscale",
    type=SpanOfSlots(),
    help="Have MIN to MAX slots instead: more while work waits and memory lasts, fewer when idle for a minute.",
)
@click.option(
    "--waiter/--no-waiter",
    "has_waiter",
    default=True,
    help="Watch what deferred tasks of these queues wait for; at least one worker of a queue has to.",
)
@pass_invocation
def worker(
    invocation: Invocation, queues: str, slots: int | None, autoscale: Span | None, has_waiter: bool
) -> None:
    """Run attempts. Any number of workers, on any host, share a broker and a database."""
    settings = invocation.settings
    _prepare(settings)
    refuse_inproc(settings)
    if slots and autoscale:
        raise click.UsageError("--slots fixes what --autoscale is to choose; give one of them.")
    span = autoscale or Span.of(slots or default_slots())
    names = [name.strip() for name in queues.split(",") if name.strip()]
    with stop_on_signal() as stop, ExitStack() as parts:
        house = open_house(settings, invocation.clock)
        house.keep_open(parts)
        told_at = serve_endpoint(parts, house, monitor_of(house, "worker"))
        server = make_worker(house, os.environ, queues=names, slots=span, has_waiter=has_waiter)
        _serve(parts, server, pruner_of(house))
        click.echo(f"The worker is up: {span} slots for {', '.join(names)}.{_metrics_at(told_at)}")
        stay(stop, house, server)


def _metrics_at(address: str | None) -> str:
    return f" Metrics: {address}/metrics" if address else ""


def refuse_inproc(settings: Settings) -> None:
    """Raise BadSetting where tickets could not leave this process."""
    if settings.is_embedded:
        remedy = "several processes need a broker that they share, such as redis://host:6379/0; or use `dirigent up`"
        raise BadSetting("DIRIGENT_BROKER_URL", settings.broker_url, remedy)
