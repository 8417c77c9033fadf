"""The Jinja environments of DAGs: a sandbox in which an unknown name is an error."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import SandboxedEnvironment

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG

# Jinja builds its lexer at first use and keeps it. Built here, it is there in every process forked later.
_LEXER: Final = SandboxedEnvironment().lexer


class _NativeSandbox(SandboxedEnvironment, NativeEnvironment):
    """Renders to Python values instead of text."""


@lru_cache(maxsize=64)
def environment_of(dag: DAG, native: bool) -> Environment:
    """Return the Jinja environment of a DAG: its search path, macros and filters."""
    kind = _NativeSandbox if native else SandboxedEnvironment
    settings: dict[str, Any] = {
        "undefined": dag.template_undefined or StrictUndefined,
        "loader": FileSystemLoader(
            [str(dag.folder), *(str(dag.folder / each) for each in dag.template_searchpath)]
        ),
        "cache_size": 0,
        "autoescape": False,  # What is rendered here becomes commands and SQL, never a page.
        **dag.jinja_environment_kwargs,
    }
    environment = kind(**settings)
    environment.globals.update(dag.user_defined_macros)
    environment.filters |= {"ds": _ds, "ds_nodash": _ds_nodash, "ts": _ts, **dag.user_defined_filters}
    return environment


def _ds(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%d"))


def _ds_nodash(moment: Any) -> str:
    return str(moment.strftime("%Y%m%d"))


def _ts(moment: Any) -> str:
    return str(moment.isoformat())


def explain(error: Exception) -> str:
    """Say what is wrong with a template and in which line; "" of an error that is not of Jinja's."""
    if not isinstance(error, TemplateError):
        return ""
    line = getattr(error, "lineno", None)
    name = getattr(error, "name", None)
    if isinstance(error, TemplateNotFound):
        return f"there is no template file {name!r} beside the DAG file or in template_searchpath"
    place = f" (line {line}{f' of {name}' if name else ''})" if line else ""
    return f"{error.message}{place}"
