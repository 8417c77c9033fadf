"""The command line, and the composition root: the one place that builds objects.

`shell` finds commands by name and loads only the module of the one that runs. A command parses, calls an operation
or a read of the store, and prints. `compose` builds servers, of `parts` and of the other packages.
"""

from scheduler.cli.shell import main

__all__ = ["main"]
