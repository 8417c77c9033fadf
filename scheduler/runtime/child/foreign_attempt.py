"""What another interpreter executes for one attempt: `PYTHON foreign_attempt.py PLACES CHANNEL_FD STDOUT_FD STDERR_FD`.

It need not have Dirigent installed. PLACES is JSON: packages, and the folders in which the worker has them. Dirigent's
own comes from there in any case, since both sides must speak one protocol; the others where the interpreter has none.

Python reads a whole file before it runs a line: there may be nothing in it that 3.6 cannot read, and up to the look at
the version, no module of Dirigent may be imported but the one beside it.
"""

import importlib
import json
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

OURS = "scheduler"
OLDEST = (3, 11)


class Borrowed:
    """Finds packages in folders of which nothing else may be imported."""

    def __init__(self, places: "dict[str, str]") -> None:
        self._places = places

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        """Answer the import system; packages within these find their parts by themselves."""
        return PathFinder.find_spec(name, [self._places[name]]) if name in self._places else None


def run(channel_fd: int, places: "dict[str, str]") -> None:
    """Borrow what is missing, and run the attempt; or say that this interpreter cannot."""
    found = sys.implementation.name
    if sys.version_info < OLDEST or found != "cpython":
        reason = f"{sys.executable} is {found} {sys.version.split()[0]}: a task needs CPython 3.11 or newer"
        importlib.import_module("refusal").refuse(channel_fd, reason)
        return
    if sys.path[0] == str(Path(__file__).parent):
        # It is no place to import from: modules in it would hide others.
        del sys.path[0]
    sys.meta_path.insert(0, Borrowed({OURS: places.pop(OURS)}))
    sys.meta_path.append(Borrowed(places))
    importlib.import_module("scheduler.runtime.child.fresh_attempt").run()


if __name__ == "__main__":
    run(int(sys.argv[2]), json.loads(sys.argv[1]))
