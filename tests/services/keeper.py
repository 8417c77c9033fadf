"""`python -m tests.services.keeper KIND FOLDER OWNER`: runs a server for as long as the process OWNER lives.

It prints the server's address when it answers. The server ends with OWNER, also when OWNER is killed, and
when the keeper is asked to end.
"""

import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from tests.services import KINDS


def main(kind: str, folder: str, owner: str) -> None:
    """Keep one server."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with suppress(psutil.NoSuchProcess):
        # Found before the address is told, for whoever reads that may be killed the moment after.
        run = psutil.Process(int(owner))
        with KINDS[kind](Path(folder)) as server:
            sys.stdout.write(server.url + "\n")
            sys.stdout.flush()
            psutil.wait_procs([run])
    # Still here, so nobody asked: the owner was killed before it could clear up behind itself.
    shutil.rmtree(Path(folder).parent, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
