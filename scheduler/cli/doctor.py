"""`dirigent doctor`: checks what Dirigent needs here, and says what to do."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from scheduler.cli.broken_files import count_of_broken
from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.output import output_option, print_rows
from scheduler.cli.parts.archives import open_archive, open_payloads
from scheduler.cli.parts.lock import address_of_server
from scheduler.dispatch.tickets import check_broker, create_celery
from scheduler.errors import DirigentError
from scheduler.store import Database, migrate, read_db_now
from scheduler.store.bundles import BundleRow, find_bundle
from scheduler.store.dag_files import list_import_errors, load_files
from scheduler.store.migrations import HEAD

LOWEST_PYTHON: Final = (3, 11)
LEAST_FREE_BYTES: Final = 500_000_000
LARGEST_CLOCK_GAP_S: Final = 5.0
#: A clock before this instant was never set.
PROJECT_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Unwell(Exception):
    """A check found something; its text says what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    is_ok: bool
    finding: str


@click.command()
@output_option
@pass_invocation
def doctor(invocation: Invocation, output: str) -> int:
    """Check what Dirigent needs here; exit 1 when something is wrong."""
    findings = list(examine(invocation))
    print_rows([asdict(finding) for finding in findings], ["check", "is_ok", "finding"], output)
    return 0 if all(finding.is_ok for finding in findings) else 1


def examine(invocation: Invocation) -> Iterator[Finding]:
    """Do every check, one after the other; without readable settings the others mean nothing."""
    yield _find("python", _python, invocation)
    settings = _find("settings", _settings, invocation)
    yield settings
    if settings.is_ok:
        yield from (_find(name, check, invocation) for name, check in CHECKS.items())


def _find(name: str, check: Callable[[Invocation], str], invocation: Invocation) -> Finding:
    try:
        return Finding(name, is_ok=True, finding=check(invocation))
    except (Unwell, DirigentError, OSError) as error:
        return Finding(name, is_ok=False, finding=str(error))


def _python(_: Invocation) -> str:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LOWEST_PYTHON:
        raise Unwell(f"Python {found} is too old; install 3.11 or newer")
    return f"Python {found}"


def _settings(invocation: Invocation) -> str:
    settings = invocation.settings
    given = ", ".join(sorted(settings.model_fields_set))
    return f"given: {given}" if given else "all defaults"


def _database(invocation: Invocation) -> str:
    db = invocation.open_database()
    db.ping()
    found = migrate.current(db)
    if migrate.is_ahead(found):
        return migrate.ahead_in_words(db, found)
    if found != HEAD:
        at = f"at {found}" if found else "without tables"
        raise Unwell(f"{db.name} is {at}, this program needs {HEAD}; run `dirigent db upgrade`")
    return f"{db.name} answers, at {HEAD}"


def _broker(invocation: Invocation) -> str:
    celery = create_celery(invocation.settings)
    check_broker(celery)
    return f"{invocation.settings.shown()['broker_url']} answers"


def _logs(invocation: Invocation) -> str:
    archive = open_archive(invocation.settings)
    if archive is None:
        return "are kept on the disk of their worker; log_url ships them elsewhere"
    archive.check()
    return f"{archive.name} can be read"


def _values(invocation: Invocation) -> str:
    payloads = open_payloads(invocation.settings)
    if payloads is None:
        return "are kept in the database; xcom_url keeps large ones elsewhere"
    payloads.check()
    return f"{payloads.name} can be read"


def _home(invocation: Invocation) -> str:
    return _writable(invocation.settings.home)


def _dags_folder(invocation: Invocation) -> str:
    if invocation.settings.dags_git_url is not None:
        return _dags_repository(invocation)
    folder = invocation.settings.dags_folder
    if not folder.is_dir():
        raise Unwell(f"{folder} is missing; make it, or set DIRIGENT_DAGS_FOLDER")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise Unwell(f"{folder} may not be read by {_user()}; run `chmod u+rx {folder}` or change its owner")
    return f"{folder} can be read"


def _dags_repository(invocation: Invocation) -> str:
    if shutil.which("git") is None:
        raise Unwell("there is no `git` on the PATH; install it (apt-get install git, brew install git)")
    with _database_for("not known", invocation).read() as session:
        bundle = find_bundle(session)
    if bundle is None:
        return "was not fetched yet; the scheduler that leads does that"
    if bundle.error:
        raise Unwell(f"{bundle.error} Meanwhile {_in_force(bundle)}.")
    return f"{bundle.url} at {bundle.ref}: {_in_force(bundle)}"


def _in_force(bundle: BundleRow) -> str:
    return f"commit {bundle.version[:10]} is in force" if bundle.version else "nothing is in force yet"


def _dag_files(invocation: Invocation) -> str:
    with _database_for("not known", invocation).read() as session:
        broken, records = list_import_errors(session), load_files(session)
    if broken:
        raise Unwell(f"{count_of_broken(broken)} `dirigent dags errors` says why")
    if not records:
        return "none was read yet; `dirigent up` reads them"
    return "1 file loads" if len(records) == 1 else f"{len(records)} files load"


def _database_for(what: str, invocation: Invocation) -> Database:
    """Return the database; what is wrong with it is told once, by its own check."""
    try:
        return invocation.db
    except DirigentError:
        raise Unwell(f"{what} without the database: see above") from None


def _writable(folder: Path) -> str:
    present = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(present, os.W_OK | os.X_OK):
        raise Unwell(f"{present} may not be written by {_user()}; change its owner, or set DIRIGENT_HOME")
    return f"{folder} can be written" if present == folder else f"{folder} can be made"


def _user() -> str:
    return f"user {os.geteuid()}"


def _clock(invocation: Invocation) -> str:
    now = invocation.now()
    if now < PROJECT_BEGAN:
        raise Unwell(f"the clock says {now:%Y-%m-%d}; set it, for instance with `timedatectl set-ntp true`")
    with _database_for("clocks cannot be compared", invocation).read() as session:
        gap_s = abs((read_db_now(session) - now).total_seconds())
    if gap_s > LARGEST_CLOCK_GAP_S:
        raise Unwell(f"the database's clock is {gap_s:.0f} s off this one; synchronise both with NTP")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC, {gap_s:.1f} s off the database's"


def _port(invocation: Invocation) -> str:
    settings = invocation.settings
    address = address_of_server(settings.home)
    if address is not None:
        return f"{address} is this home's own server"
    require_port(settings.host, settings.port)
    return f"{settings.host}:{settings.port} is free"


def require_port(host: str, port: int) -> None:
    """Raise Unwell, with the remedy, unless a server could listen there."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise Unwell(f"{host}:{port} cannot be used ({error.strerror}); set DIRIGENT_PORT") from None


def _disk(invocation: Invocation) -> str:
    home = invocation.settings.home
    present = next(each for each in (home, *home.parents) if each.exists())
    free = shutil.disk_usage(present).free
    if free < LEAST_FREE_BYTES:
        raise Unwell(f"{free // 1_000_000} MB are free at {present}; free some, or move DIRIGENT_HOME")
    return f"{free // 1_000_000:,} MB free at {present}"


CHECKS: Final = {
    "database": _database,
    "broker": _broker,
    "home": _home,
    "logs": _logs,
    "values": _values,
    "dags folder": _dags_folder,
    "dag files": _dag_files,
    "clock": _clock,
    "port": _port,
    "disk": _disk,
}
