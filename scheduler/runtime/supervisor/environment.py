"""The environment of processes that run user code: made from a list, so that no secret of the server slips
in.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from scheduler.failpoints import VARIABLE as FAILPOINTS
from scheduler.logs.mask import is_sensitive

#: What programs need to find their files, speak the user's language and reach the network.
PASSED_ON: Final = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "LC_*", "XDG_*",
    "VIRTUAL_ENV", "CONDA_*", "PYTHON*", "LD_LIBRARY_PATH", "DYLD_*",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
    "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "SYSTEMROOT",
)  # fmt: skip
#: Libraries for numbers start threads at import; a process with threads cannot be forked safely.
ONE_THREAD: Final = dict.fromkeys(
    (
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
) | {
    # The memory pool of pyarrow, which pandas imports.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
_OWN: Final = "DIRIGENT_"
#: Settings that processes with user code keep to; none of them is secret.
SETTINGS_OF_CHILDREN: Final = frozenset(
    {"DIRIGENT_AIRFLOW_NAMES", "DIRIGENT_AIRFLOW_SCHEDULE", "DIRIGENT_BASE_URL", "DIRIGENT_PLUGINS_FOLDER"}
)
#: Naming a process must not wipe out what `ps e` and /proc tell of its environment.
OURS: Final = {"SPT_NOENV": "1"}


def child_environment(environ: Mapping[str, str], also: Collection[str] = ()) -> dict[str, str]:
    """Return what children get: names on the list, and those that `also` names (with `*` for any end).

    Dirigent's own settings hold its secrets: they are not passed on even if `also` is `*`.
    """
    patterns = (*PASSED_ON, *also)
    passed = {
        name: value
        for name, value in environ.items()
        if name == FAILPOINTS
        or name in SETTINGS_OF_CHILDREN
        or (_matches(name, patterns) and not name.upper().startswith(_OWN))
    }
    if "PYTHONPATH" in passed:
        passed["PYTHONPATH"] = _absolute(passed["PYTHONPATH"])
    return ONE_THREAD | passed | OURS


def _absolute(path: str) -> str:
    """Return a search path that means the same in any folder: a process of another user begins in its home."""
    return os.pathsep.join(str(Path(each).absolute()) for each in path.split(os.pathsep) if each)


def secrets_passed_on(environ: Mapping[str, str], also: Collection[str] = ()) -> list[str]:
    """Return what children get that is secret, going by its name: it is not to show in their logs."""
    passed = child_environment(environ, also)
    return [value for name, value in passed.items() if is_sensitive(name)]


def _matches(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
