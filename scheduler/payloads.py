"""Values too large for the database, as files at an address that fsspec knows: Parquet of frames, JSON of all others.

In the database stands a reference in the place of the value, `{"__type__": "payload", "value": {...}}`: what it is, how
large, and the name of its file below the root, `<dag_id>/<run_id>/<task_id>/...`. Nothing is read here but JSON; what
a Parquet file holds is for user code to read. Loaded only where an address is set: fsspec takes a tenth of a second.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from scheduler.errors import NotFound
from scheduler.items import PAYLOAD, length_of
from scheduler.logs.place import Place
from scheduler.wire import TAG, Data, Json

SETTING: Final = "DIRIGENT_XCOM_URL"


@dataclass(frozen=True, slots=True)
class Owner:
    """The task instance that a value belongs to, and the attempt that made it: each has files of its own."""

    dag_id: str
    run_id: str
    task_id: str
    attempt: str = ""

    @property
    def folder(self) -> str:
        """Where the files of the task in this run lie."""
        return f"{self.dag_id}/{self.run_id}/{self.task_id}/"


class Payloads:
    """Keeps values at a place. `threshold`: the bytes of JSON above which one is kept there."""

    def __init__(self, url: str, threshold: int) -> None:
        """Raises BadSetting for an address that nothing can be kept at."""
        self._at = Place(url, SETTING)
        self._threshold = threshold

    @property
    def name(self) -> str:
        """The address without its password, for messages."""
        return self._at.name

    def check(self) -> None:
        """Raise ArchiveUnavailable, with the reason, unless the place answers. It may hold nothing yet."""
        self._at.check()

    def park(self, owner: Owner, key: str, value: Json) -> Json:
        """Return a reference to the value where it is large, else the value. Raises ArchiveUnavailable."""
        text = json.dumps(value, separators=(",", ":"))
        if len(text) <= self._threshold:
            return value
        name = f"{owner.folder}{owner.attempt}-{quote(key, safe='')}"
        parquet, about = _parquet_of(value)
        if parquet is None:
            return self._keep(f"{name}.json", text.encode(), _length(value))
        return self._keep(f"{name}.parquet", parquet, {"of": value[TAG], "about": about})

    def fetch(self, owner: Owner, value: Json) -> Json:
        """Return what a reference of this owner stands for; any other value as it is.

        Raises ArchiveUnavailable, and NotFound where the file is gone or the reference is not to one of the owner's.
        """
        if not is_reference(value):
            return value
        name = str(value["value"]["name"])
        if not name.startswith(owner.folder) or ".." in name.split("/"):
            raise NotFound(f"payload of task {owner.task_id}", name)
        try:
            data = self._at.fs.cat_file(f"{self._at.root.rstrip('/')}/{name}")
        except FileNotFoundError:
            raise NotFound(f"payload of task {owner.task_id} at {self._at.name}", name) from None
        except Exception as error:
            raise self._at.away(error) from error
        return _value_of(value["value"], data)

    def drop(self, *parts: str) -> None:
        """Delete all files of a DAG, or of one of its runs. Raises ArchiveUnavailable."""
        folder = "/".join((self._at.root.rstrip("/"), *parts))
        try:
            self._at.fs.rm(folder, recursive=True)
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._at.away(error) from error

    def _keep(self, name: str, data: bytes, told: Data) -> Json:
        self._at.put(name, data)
        return {TAG: PAYLOAD, "value": {"name": name, "bytes": len(data), **told}}


def is_reference(value: Json) -> bool:
    """Whether this stands in the place of a value that is kept elsewhere."""
    return isinstance(value, dict) and value.get(TAG) == PAYLOAD


def _length(value: Json) -> Data:
    """Tell how many items there are to map over."""
    length = length_of(value)
    return {} if length is None else {"length": length}


def _parquet_of(value: Json) -> tuple[bytes | None, Data]:
    """Return what is Parquet in a value, and what else is told of it."""
    data = value.get("value") if isinstance(value, dict) and TAG in value else None
    if not isinstance(data, dict) or "parquet" not in data:
        return None, {}
    about = {name: each for name, each in data.items() if name != "parquet"}
    return b64decode(data["parquet"]), about


def _value_of(told: Data, data: bytes) -> Json:
    if "of" not in told:
        return json.loads(data)
    return {TAG: told["of"], "value": {**told["about"], "parquet": b64encode(data).decode()}}
