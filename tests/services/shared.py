"""One server of a kind for a whole test run, whichever of its processes asks first.

The process that drives the run (pytest itself, or the one that hands out tests to pytest-xdist's workers)
opens a folder and names it in the environment; a server is started there when the first test asks for it,
under a lock, and ends with the run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

import psutil
from filelock import FileLock

from tests.services import KINDS

RUN = "DIRIGENT_TEST_RUN"


def open_run() -> None:
    """Open the folder of this test run; call it in the process whose end is the run's end."""
    folder = Path(tempfile.mkdtemp(prefix="dirigent-test-"))
    folder.chmod(0o711)  # servers run as other users and must reach their own folder
    (folder / "owner").write_text(str(os.getpid()))
    os.environ[RUN] = str(folder)


def close_run() -> None:
    """End the servers of this run, wait until they have ended, and remove their folder."""
    folder = Path(os.environ.pop(RUN))
    keepers = [psutil.Process(int(path.read_text())) for path in folder.glob("*.keeper")]
    for keeper in keepers:
        keeper.terminate()
    psutil.wait_procs(keepers, timeout=40)
    shutil.rmtree(folder, ignore_errors=True)


def new_folder(kind: str) -> Path:
    """Name a folder, not yet there, for a server of one test; its parent is open to every user."""
    return Path(os.environ[RUN]) / f"{kind}-{uuid4().hex}"


def shared_url(kind: str) -> str:
    """Give the address of the run's server, or of the one that the environment names."""
    if given := os.environ.get(f"DIRIGENT_TEST_{kind.upper()}_URL"):
        return given
    KINDS[kind].program()
    folder = Path(os.environ[RUN])
    address = folder / f"{kind}.url"
    with FileLock(folder / f"{kind}.lock"):
        if not address.exists():
            url = _launch(kind, folder)
            address.touch(0o600)
            address.write_text(url)
    return address.read_text()


def _launch(kind: str, folder: Path) -> str:
    owner = (folder / "owner").read_text()
    command = [sys.executable, "-m", "tests.services.keeper", kind, str(folder / kind), owner]
    errors = folder / f"{kind}.errors"
    with errors.open("w") as stderr:
        keeper = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=stderr,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
        )
    keeper.returncode = 0  # it outlives this process, which is therefore not blamed for having forgotten it
    (folder / f"{kind}.keeper").write_text(str(keeper.pid))
    assert keeper.stdout is not None
    with keeper.stdout as answer:
        url = answer.readline().strip()
    if not url:
        raise RuntimeError(f"The private {kind} server did not start:\n{errors.read_text()[-4000:]}")
    return url
