"""From the path of a trigger's class, and what it was made of, to the trigger."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

from scheduler.runtime.child.loading import load_file, module_name, prepare_imports
from scheduler.runtime.waits import Wait
from scheduler.sdk.deferral import BaseTrigger
from scheduler.sdk.variables import Reader
from scheduler.sdk.xcom import decode

#: Triggers below it need no code of a DAG folder.
OWN: Final = "scheduler.triggers."


class BadTrigger(Exception):
    """What a task wants to wait for is no trigger."""


def make_trigger(wait: Wait, reader: Reader) -> BaseTrigger:
    """Make the trigger of a wait. Raises BadTrigger, and whatever its module and its class raise."""
    kind = _find(wait, reader)
    if not (isinstance(kind, type) and callable(getattr(kind, "run", None))):
        raise BadTrigger(f"{wait.trigger} is no class of triggers: derive it from scheduler.BaseTrigger.")
    trigger: BaseTrigger = kind(**decode(wait.kwargs))
    trigger.trigger_id = wait.id
    return trigger


def _find(wait: Wait, reader: Reader) -> Any:
    module, _, name = wait.trigger.rpartition(".")
    if not module:
        raise BadTrigger(f"serialize() returned {wait.trigger!r}; return 'module.Class'.")
    if not wait.code_root and not wait.trigger.startswith(OWN):
        raise BadTrigger(f"{wait.trigger} is none of Dirigent's own triggers.")
    if wait.code_root and module not in sys.modules:
        prepare_imports(wait.code_root)
    if wait.file and module == module_name(wait.file) and module not in sys.modules:
        load_file(wait.code_root, wait.file, reader)
    found = getattr(sys.modules.get(module) or importlib.import_module(module), name, None)
    if found is None:
        raise BadTrigger(
            f"Module {module!r} holds no {name!r}, which serialize() named; declare it at the top."
        )
    return found
