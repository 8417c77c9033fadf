"""Arrays and frames: numpy's own format and Parquet, which nothing needs to be executed to read.

Loaded where one is passed; the libraries are those of the task.
"""

from __future__ import annotations

import io
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final

from scheduler.errors import NotSerializable

#: Kinds of numpy's scalars that JSON shows as they are: booleans, integers, floats.
_SHOWN: Final = frozenset("biuf")
#: Columns that are named beside a frame's data, for the page.
_MOST_COLUMNS: Final = 50


def write(value: Any) -> tuple[str, Any] | None:
    """Return the tag and the data of an array, a frame or one of their elements; None for anything else.

    Raises NotSerializable for an array or a column of Python objects, and where the library that writes is missing.
    """
    kind = type(value)
    for module, name, tag, write_one in _WRITERS:
        if kind.__module__.partition(".")[0] == module and any(
            each.__name__ == name for each in kind.__mro__
        ):
            try:
                return tag, write_one(value)
            except ImportError as error:
                raise NotSerializable(
                    f"To pass a {kind.__qualname__} between tasks, install pyarrow: {error}."
                ) from None
            except (ValueError, TypeError, ArithmeticError) as error:
                raise NotSerializable(
                    f"This {kind.__qualname__} cannot be passed between tasks: {error}"
                ) from None
    return None


def _write_scalar(value: Any) -> Any:
    if value.dtype.kind in _SHOWN and value.dtype.itemsize <= 8 and math.isfinite(value):
        return [value.dtype.str, value.item()]
    return [value.dtype.str, {"bytes": _text(value.tobytes())}]


def read_scalar(data: Any) -> Any:
    """Return numpy's scalar."""
    dtype, value = data
    numpy = import_module("numpy")
    if isinstance(value, dict):
        return numpy.frombuffer(b64decode(value["bytes"]), dtype)[0]
    return numpy.dtype(dtype).type(value)


def _write_array(value: Any) -> Any:
    target = io.BytesIO()
    import_module("numpy").save(target, value, allow_pickle=False)
    return _text(target.getvalue())


def read_array(data: Any) -> Any:
    """Return numpy's array."""
    return import_module("numpy").load(io.BytesIO(b64decode(data)), allow_pickle=False)


def _write_frame(value: Any) -> Any:
    target = io.BytesIO()
    value.to_parquet(target)
    return _described(len(value), value.columns, target)


def read_frame(data: Any) -> Any:
    """Return the pandas DataFrame."""
    return import_module("pandas").read_parquet(io.BytesIO(b64decode(data["parquet"])))


def _write_series(value: Any) -> Any:
    if not isinstance(value.name, str | int | None):
        raise ValueError(f"its name is {value.name!r}; text, a number and no name at all can be kept")
    return {"name": value.name, **_write_frame(value.to_frame("value"))}


def read_series(data: Any) -> Any:
    """Return the pandas Series."""
    return read_frame(data)["value"].rename(data["name"])


def _write_table(value: Any) -> Any:
    target = io.BytesIO()
    import_module("pyarrow.parquet").write_table(value, target)
    return _described(value.num_rows, value.column_names, target)


def read_table(data: Any) -> Any:
    """Return the Arrow table."""
    return import_module("pyarrow.parquet").read_table(io.BytesIO(b64decode(data["parquet"])))


def _read_nat(_: Any) -> Any:
    return import_module("pandas").NaT


def _described(rows: int, columns: Iterable[Any], parquet: io.BytesIO) -> Any:
    return {
        "rows": rows,
        "columns": [str(each) for each in columns][:_MOST_COLUMNS],
        "parquet": _text(parquet.getvalue()),
    }


def _text(data: bytes) -> str:
    return b64encode(data).decode()


#: Library, name of the class or of one above it, tag, writer.
_WRITERS: Final[tuple[tuple[str, str, str, Callable[[Any], Any]], ...]] = (
    ("numpy", "generic", "numpy", _write_scalar),
    ("numpy", "ndarray", "ndarray", _write_array),
    ("pandas", "DataFrame", "pandas", _write_frame),
    ("pandas", "Series", "series", _write_series),
    ("pandas", "NaTType", "nat", lambda _: None),
    ("pyarrow", "Table", "arrow", _write_table),
)
READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "numpy": read_scalar,
    "ndarray": read_array,
    "pandas": read_frame,
    "series": read_series,
    "nat": _read_nat,
    "arrow": read_table,
}
