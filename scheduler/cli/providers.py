"""`dirigent providers`."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from scheduler.cli.output import output_option, print_rows
from scheduler.errors import BadParams, ProviderNotInstalled

_PREFIX: Final = "apache-airflow-providers-"
#: Part of Airflow itself: Dirigent has them under their names.
_OURS: Final = frozenset({f"{_PREFIX}standard"})
#: Providers import these without naming them, as Airflow brings them.
_BROUGHT_BY_AIRFLOW: Final = (
    "attrs",
    "deprecated",
    "dill",
    "lazy-object-proxy",
    "packaging",
    "pendulum>=3",
    "tabulate",
    "tenacity",
)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
#: What may be asked for: a name, and which releases of it. Never an address, a path or an option.
_ASKED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*([=<>!~][A-Za-z0-9.,=<>!~*+]+)?")


@click.group()
def providers() -> None:
    """Install providers of Airflow's without Airflow itself, and list those that are there."""


@providers.command("list")
@output_option
def list_(*, output: str) -> None:
    """List the installed providers."""
    found = sorted((_canonical(each.name), each.version) for each in importlib.metadata.distributions())
    rows = [{"name": name, "version": version} for name, version in found if name.startswith(_PREFIX)]
    print_rows(rows, ["name", "version"], output)


@providers.command()
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--target", type=click.Path(path_type=Path), help="Install into this folder, not beside Dirigent."
)
def install(names: Sequence[str], *, target: Path | None) -> None:
    """Install providers by name, such as `postgres` or `cncf.kubernetes`, with what they need but Airflow."""
    _Installer(target).install([_package(each) for each in names])


def _package(asked: str) -> str:
    if not _ASKED.fullmatch(asked):
        raise BadParams(f"{asked!r} is no name of a provider, such as postgres or postgres==6.2.1.")
    name = _name_of(asked)
    release = _NAME.sub("", asked, count=1)
    return f"{name if name.startswith(_PREFIX) else _PREFIX + name}{release}"


def _canonical(name: str) -> str:
    return re.sub(r"[._]+", "-", name).lower()


@dataclass(frozen=True)
class _Installer:
    """Calls uv, or pip where there is none."""

    target: Path | None

    def install(self, packages: Iterable[str]) -> None:
        """Install packages and what they need, and say what was installed."""
        waiting, done, others = list(packages), set[str](), list(_BROUGHT_BY_AIRFLOW)
        while waiting:
            self._run(", ".join(waiting), "--no-deps", *waiting)
            done.update(_name_of(each) for each in waiting)
            needs = [need for each in waiting for need in self._needs(_name_of(each))]
            others += [need for need in needs if not _name_of(need).startswith("apache-airflow")]
            waiting = [need for need in needs if _name_of(need) not in done | _OURS]
            waiting = [need for need in waiting if _name_of(need).startswith(_PREFIX)]
        self._run(f"what {', '.join(sorted(done))} need", *others)
        self._join()
        for name in sorted(done):
            click.echo(f"{name} {self._distribution(name).version}")

    def _join(self) -> None:
        """Install all providers of the folder at once: pip leaves out what a folder has by the name of `airflow`."""
        if self.target is not None:
            there = importlib.metadata.distributions(path=[str(self.target)])
            pinned = [
                f"{each.name}=={each.version}" for each in there if _canonical(each.name).startswith(_PREFIX)
            ]
            self._run(", ".join(pinned), "--no-deps", "--upgrade", *pinned)

    def _needs(self, name: str) -> Iterator[str]:
        for need in self._distribution(name).requires or ():
            if "extra ==" not in need:
                yield need

    def _distribution(self, name: str) -> importlib.metadata.Distribution:
        path = [str(self.target)] if self.target else sys.path
        for found in importlib.metadata.distributions(name=name, path=path):
            return found
        raise ProviderNotInstalled(name, "it is not there after its installation")

    def _run(self, what: str, *words: str) -> None:
        uv = shutil.which("uv")
        program = (
            [uv, "pip", "install", "--python", sys.executable]
            if uv
            else [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        )
        place = ["--target", str(self.target)] if self.target else []
        ended = subprocess.run([*program, "--quiet", *place, *words], stderr=subprocess.PIPE, text=True)
        if ended.returncode:
            click.echo(ended.stderr.rstrip(), err=True)
            raise ProviderNotInstalled(what, "what the installer says of it stands above")


def _name_of(requirement: str) -> str:
    found = _NAME.match(requirement)
    return _canonical(found.group()) if found else requirement
