"""Finding and importing plugins: the modules of a folder, and what installed packages offer as entry points.

One that is broken is told of and stops nothing.
"""

from __future__ import annotations

import importlib
import logging
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pluggy import PluginManager, PluginValidationError

from scheduler.plugins import hookspecs
from scheduler.plugins.of_airflow import Brought, plugins_of

_log: Final = logging.getLogger(__name__)
#: Between the name of a plugin and the number of a listener that its class brings.
_PART: Final = "#"
#: Hooks that are told and asked nothing.
_LISTENING: Final = tuple(name for name in vars(hookspecs) if name.startswith(("on_", "before_")))
#: The group of entry points that installed packages name their plugins in.
GROUP: Final = "dirigent.plugins"


@dataclass(slots=True)
class Plugin:
    """A plugin that was found. `error` says why it, or a part of it, is of no use; "" where all is well."""

    name: str
    source: str  #: file, or distribution and its version
    hooks: tuple[str, ...] = ()
    error: str = ""
    lacks: tuple[str, ...] = ()  #: what a plugin of Airflow's brings that Dirigent has no place for


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a listener, and what it asks for."""

    function: Callable[..., Any]
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listener:
    """What of a plugin is told of what happens: functions by the names of their hooks."""

    name: str
    calls: Mapping[str, Call]


@dataclass(slots=True)
class Plugins:
    """The plugins of a process, and the door to what they bring."""

    found: list[Plugin] = field(default_factory=list)
    _manager: PluginManager = field(default_factory=lambda: PluginManager("dirigent"))
    #: What classes of Airflow's bring: the hook, the name, the answer.
    _brought: list[tuple[str, str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._manager.add_hookspecs(hookspecs)

    def ask(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Yield what each plugin answers, with its name; one that raises has that noted, and the others go on."""
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            try:
                answer = implementation.function()
            except Exception as error:  # noqa: BLE001 - a plugin must not stop a server
                self.note(name, f"{hook}() raised {_said(error)}")
            else:
                yield name, answer
        yield from [(name, answer) for asked, name, answer in self._brought if asked == hook]

    def listeners(self) -> list[Listener]:
        """Return what listens, one a plugin."""
        found: defaultdict[str, dict[str, Call]] = defaultdict(dict)
        for hook in _LISTENING:
            for implementation in getattr(self._manager.hook, hook).get_hookimpls():
                call = Call(implementation.function, tuple(implementation.argnames))
                found[implementation.plugin_name.partition(_PART)[0]][hook] = call
        return [Listener(name, calls) for name, calls in sorted(found.items())]

    def note(self, name: str, error: str) -> None:
        """Take down that something of a plugin is of no use."""
        _log.warning("Plugin %s: %s", name, error)
        for each in self.found:
            if each.name == name:
                each.error = "; ".join(filter(None, (each.error, error)))

    def take(self, name: str, source: str, load: Callable[[], Any]) -> None:
        """Import and register one."""
        plugin = Plugin(name, source)
        self.found.append(plugin)
        try:
            module = load()
            self._manager.register(module, name)
            self._manager.check_pending()
            plugin.hooks = tuple(sorted(each.name for each in self._manager.get_hookcallers(module) or ()))
            for brought in plugins_of(module):
                self._take_up(plugin, brought)
        except PluginValidationError as error:
            self._manager.unregister(name=name)
            self.note(name, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin must not stop a server
            self.note(name, f"it cannot be imported: {_said(error)}")

    def _take_up(self, plugin: Plugin, brought: Brought) -> None:
        """Register what a class of Airflow's brings."""
        for number, each in enumerate(brought.listeners):
            self._manager.register(each, f"{plugin.name}{_PART}{number}")
            self._manager.check_pending()
            plugin.hooks += tuple(sorted(call.name for call in self._manager.get_hookcallers(each) or ()))
        answers = {
            "dirigent_macros": (brought.name, brought.macros),
            "dirigent_pages": (plugin.name, brought.pages),
            "dirigent_links": (plugin.name, brought.links),
        }
        for hook, (name, answer) in answers.items():
            if answer:
                self._brought.append((hook, name, answer))
                plugin.hooks += (hook,)
        plugin.lacks += brought.lacks


def has_plugins(folder: Path) -> bool:
    """Whether there is anything to load; nothing is imported."""
    return bool(_names(folder) or entry_points(group=GROUP))


def load_plugins(folder: Path, know_airflow: Callable[[], None] | None = None) -> Plugins:
    """Import all plugins. Those of the folder can be imported by name from then on, by DAG files, too.

    The folder stands last in the search path, so that no file in it takes the place of a library. `know_airflow` is
    called where one imports `airflow`, which is not there: it lets that be found.
    """
    plugins = Plugins()
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))
    for name in _names(folder):
        plugins.take(name, str(folder / name), partial(_load, partial(_import, name, folder), know_airflow))
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        source = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
        plugins.take(entry.name, source, partial(_load, entry.load, know_airflow))
    return plugins


def _load(load: Callable[[], Any], know_airflow: Callable[[], None] | None) -> Any:  # noqa: ANN401 - a plugin
    try:
        return load()
    except ModuleNotFoundError as error:
        if know_airflow is None or (error.name or "").partition(".")[0] != "airflow":
            raise
    know_airflow()
    return load()


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    names = [each.stem for each in folder.glob("*.py")]
    names += [each.parent.name for each in folder.glob("*/__init__.py")]
    return sorted(name for name in names if name.isidentifier() and not name.startswith("_"))


def _import(name: str, folder: Path) -> ModuleType:
    """Import a module of the folder. Raises ImportError where another one of that name comes first."""
    origin = _origin_of(name)
    if origin is None or not Path(origin).is_relative_to(folder):
        raise ImportError(f"{name} is the name of another module ({origin}); give the file another one")
    return importlib.import_module(name)


def _origin_of(name: str) -> str | None:
    if name in sys.builtin_module_names:
        return "built in"
    known = sys.modules.get(name)
    spec = known.__spec__ if known is not None else PathFinder.find_spec(name)
    return spec.origin if spec else None


def _said(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    line = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{line}"
