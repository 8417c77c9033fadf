"""The servers that the files of `deploy/` start."""

from __future__ import annotations

import configparser
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import scheduler

DEPLOY = Path(scheduler.__file__).parents[1] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
BINARY = "/opt/dirigent/bin/dirigent"
#: Secrets as files, where nobody connects.
NOWHERE = {
    "secret_key": "s" * 44,
    "database_url": "postgresql://u:p@h/d",
    "broker_url": "redis://h/0",
    "metrics_token": "m" * 32,
}


@dataclass(frozen=True)
class Started:
    """One server, as a file of `deploy/` starts it."""

    place: str
    words: Sequence[str]
    environ: Mapping[str, str]
    patience_s: int


def _seconds(text: object) -> int:
    return int(str(text).removesuffix("s"))


def of_systemd() -> Iterator[Started]:
    """Read the units."""
    for file in UNITS:
        service = unit(file)["Service"]
        binary, *words = shlex.split(service["ExecStart"])
        assert binary == BINARY
        environ = dict(pair.split("=", 1) for pair in shlex.split(service["Environment"]))
        yield Started(file.name, words, environ, _seconds(service["TimeoutStopSec"]))


def unit(file: Path) -> configparser.ConfigParser:
    """Read a unit; what is said several times is put behind each other."""

    class Joined(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            if isinstance(value, list) and key in self:
                value = [f"{self[key][0]} {value[0]}"]
            super().__setitem__(key, value)

    parser = configparser.ConfigParser(interpolation=None, strict=False, dict_type=Joined)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(file)
    return parser


def of_compose() -> Iterator[Started]:
    """Read the containers that are ours."""
    services = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())["services"]
    for name, service in services.items():
        if service["image"] == "dirigent":
            patience = _seconds(service["stop_grace_period"])
            yield Started(f"compose {name}", service["command"], service["environment"], patience)


def of_kubernetes() -> Iterator[Started]:
    """Read the deployments, with the settings that they share."""
    folder = DEPLOY / "kubernetes"
    [common] = yaml.safe_load((folder / "kustomization.yaml").read_text())["configMapGenerator"]
    shared = dict(pair.split("=", 1) for pair in common["literals"])
    for file in folder.glob("*.yaml"):
        for each in yaml.safe_load_all(file.read_text()):
            if each["kind"] == "Deployment":
                pod = each["spec"]["template"]["spec"]
                [container] = pod["containers"]
                own = {pair["name"]: pair["value"] for pair in container.get("env", [])}
                patience = pod["terminationGracePeriodSeconds"]
                yield Started(each["metadata"]["name"], container["args"], shared | own, patience)


def with_files(
    environ: Mapping[str, str], folder: Path, contents: Mapping[str, str] = NOWHERE
) -> dict[str, str]:
    """Put a file wherever the settings name one: secrets as a container is given them."""
    found = dict(environ)
    for name in environ:
        if name.endswith("_FILE"):
            setting = name.removeprefix("DIRIGENT_").removesuffix("_FILE").lower()
            file = folder / setting
            file.touch(0o600)
            file.write_text(contents[setting])
            found[name] = str(file)
    return found
