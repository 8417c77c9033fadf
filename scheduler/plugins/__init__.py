"""What people add to Dirigent: `hookspecs` is the contract, `loading` finds what keeps it.

Plugins are installed by whoever runs the servers, and trusted: they run in servers, too. Files of the DAG folder never
do.
"""

from typing import Final

from pluggy import HookimplMarker

#: Marks the functions of a plugin that Dirigent calls.
hookimpl: Final = HookimplMarker("dirigent")
