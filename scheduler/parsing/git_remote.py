"""The other side of a fetch: where it is, how to be let in, and the environment in which git may speak with it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scheduler.git_address import GitAddress

_SETTINGS: Final = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.askPass": "",
    "core.logAllRefUpdates": "false",
    "log.showSignature": "false",
    "gc.autoDetach": "false",
    "fetch.recurseSubmodules": "false",
    "transfer.credentialsInUrl": "die",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
}
#: What programs need to find their files and the network.
_PASSED_ON: Final = (
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "GIT_SSL_CAINFO", "GIT_SSH_COMMAND", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
)  # fmt: skip
#: Said by git itself, never by an address: it asks the environment, so that no list of processes shows the password.
_HELPER: Final = '!f() { printf \'username=%s\\npassword=%s\\n\' "$CODE_USER" "$CODE_PASSWORD"; }; f'
_SSH: Final = "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=2"


@dataclass(frozen=True, slots=True)
class Remote:
    """What to fetch, and how to be let in."""

    address: GitAddress
    ref: str = "HEAD"
    subfolder: str = ""
    token: str = field(default="", repr=False)
    key_file: Path | None = None
    timeout_s: float = 300.0

    @property
    def password(self) -> str:
        """What the other side asks for."""
        return self.token or self.address.password


def environment_of(remote: Remote, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of every git that deals with a remote; the password is in it, and nowhere else."""
    address = remote.address
    made = {name: environ[name] for name in _PASSED_ON if name in environ} | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_ALLOW_PROTOCOL": address.scheme,
        "GIT_OPTIONAL_LOCKS": "0",
    }
    settings = dict(_SETTINGS)
    if address.scheme == "ssh":
        made["GIT_SSH_COMMAND"] = _ssh_command(remote, environ)
    lines = list(settings.items())
    if remote.password and address.scheme in ("https", "http"):
        made |= {"CODE_USER": address.user or "x-access-token", "CODE_PASSWORD": remote.password}
        lines += [
            ("credential.helper", ""),
            (f"credential.{address.scheme}://{address.host}.helper", _HELPER),
        ]
    made["GIT_CONFIG_COUNT"] = str(len(lines))
    for number, (name, value) in enumerate(lines):
        made |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return made


def _ssh_command(remote: Remote, environ: Mapping[str, str]) -> str:
    command = environ.get("GIT_SSH_COMMAND", _SSH)
    if remote.key_file is None:
        return command
    return f"{command} -i {shlex.quote(str(remote.key_file))} -o IdentitiesOnly=yes"
