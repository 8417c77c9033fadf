"""`write_python_script`: a function as a program for an interpreter elsewhere, such as one in a container.

Providers hand over the text of the function and what is to be known of its arguments; the program reads these from its
first argument's file, and writes what the function returned into its second one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_SCRIPT: Final = """\
import sys
import {serializer} as _serializer

arg_dict = {{"args": [], "kwargs": {{}}}}
{read}
{texts}
{function}

_result = {name}(*arg_dict["args"], **arg_dict["kwargs"])
if hasattr(_result, "__await__"):
    import asyncio
    _result = asyncio.run(_result)
with open(sys.argv[2], "wb") as _file:
    _serializer.dump(_result, _file)
"""
_READ: Final = """\
with open(sys.argv[1], "rb") as _file:
    arg_dict = _serializer.load(_file)
"""
_TEXTS: Final = """\
virtualenv_string_args = []
if len(sys.argv) > 3 and sys.argv[3] != "none":
    with open(sys.argv[3]) as _file:
        virtualenv_string_args = [_line.strip() for _line in _file]
"""


def write_python_script(
    jinja_context: Mapping[str, Any], filename: str, render_template_as_native_obj: bool = False
) -> None:
    """Write the program; `jinja_context` is what Airflow's template takes."""
    has_arguments = jinja_context.get("op_args") or jinja_context.get("op_kwargs")
    text = _SCRIPT.format(
        serializer=jinja_context.get("pickling_library", "pickle"),
        read=_READ if has_arguments else "",
        texts=_TEXTS if jinja_context.get("string_args_global", True) else "",
        function=jinja_context["python_callable_source"],
        name=jinja_context["python_callable"],
    )
    Path(filename).write_text(text, encoding="utf-8")
