"""A live Airflow, asked by its API: version 2 of Airflow 3, version 1 of Airflow 2. Nothing is changed there."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from scheduler.cli.airflow.entries import (
    Data,
    is_of_schedule,
    read_pool,
    read_stand,
    read_told_connection,
    read_told_text,
)
from scheduler.cli.airflow.link import Link
from scheduler.errors import BadExport, DirigentError
from scheduler.operations.takeover import Goods, Step
from scheduler.wire import Json

#: What it is asked for, and how entries of each are named.
_NAMES: Final = {"variables": "key", "connections": "connection_id", "pools": "name", "dags": "dag_id"}
KINDS: Final = tuple(_NAMES)
_PAGE: Final = 100
#: Entries of one list; an answer may say that there are ever more.
_MOST: Final = 1_000_000
_REFUSED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Airflow:
    """One Airflow, by the address that its page has."""

    def __init__(self, url: str, *, token: str | None = None, user: str = "", password: str = "") -> None:
        self._link = Link(url.rstrip("/").removesuffix("/api/v2").removesuffix("/api/v1"))
        self._shown = self._link.shown
        self._is_old = not self._has("/api/v2/version")
        if self._is_old and not self._has("/api/v1/version"):
            raise BadExport(f"There is no API of Airflow at {self._shown}: give the address of its page.")
        if user and self._is_old:
            self._link.sign_in(user, password)
        elif user or token:
            self._link.show_token(token or self._sign_in(user, password))

    def goods(self, kinds: Collection[str] = KINDS) -> Goods:
        """Return what it tells of these. Raises BadExport where it does not answer as an Airflow does."""
        refused: list[Step] = []
        found = {kind: tuple(self._taken(kind, refused)) for kind in kinds}
        return Goods(**found, refused=tuple(refused))

    def _taken(self, kind: str, refused: list[Step]) -> Iterator[Json]:
        name = _NAMES[kind]
        for told in self._pages(kind):
            if not isinstance(told.get(name), str):
                raise self._strange(kind)
            try:
                yield self._read(kind, told)
            except DirigentError as error:
                refused.append(Step(kind.removesuffix("s"), told[name], "leave out", str(error)))

    def _read(self, kind: str, told: Data) -> Json:
        match kind:
            case "variables":
                return read_told_text(told)
            case "connections":
                return read_told_connection(told)
            case "pools":
                return read_pool(str(told["name"]), told)
            case _:
                return read_stand(told, self._last_run(told["dag_id"]))

    def _last_run(self, dag_id: str) -> list[Data]:
        """Return the newest run that the schedule of a DAG made."""
        path = f"dags/{quote(dag_id, safe='')}/dagRuns"
        if self._is_old:
            runs = self._pages(path, "dag_runs", order_by="-execution_date")
        else:
            runs = self._pages(path, "dag_runs", order_by="-logical_date", run_type="scheduled")
        found = next(filter(is_of_schedule, runs), None)
        return [found] if found else []

    def _pages(self, path: str, key: str = "", **query: str) -> Iterator[Data]:
        """Yield what a list holds, page by page."""
        offset = 0
        while True:
            told = self._get(path, limit=_PAGE, offset=offset, **query)
            entries, count = told.get(key or path), told.get("total_entries", 0)
            if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
                raise self._strange(path)
            yield from entries
            offset += len(entries)
            if not isinstance(count, int) or offset > _MOST:
                raise self._strange(path)
            if not entries or offset >= count:
                return

    def _strange(self, path: str) -> BadExport:
        return BadExport(f"{self._shown} answers {path} with something else than Airflow's API does.")

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        version = "v1" if self._is_old else "v2"
        return self._json("GET", f"/api/{version}/{path}", params=query)

    def _sign_in(self, user: str, password: str) -> str:
        told = self._json("POST", "/auth/token", json={"username": user, "password": password})
        return str(told.get("access_token", ""))

    def _has(self, path: str) -> bool:
        answer = self._link.ask("GET", path)
        return answer.is_good and "json" in answer.kind

    def _json(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        answer = self._link.ask(method, path, **arguments)
        if answer.status in _REFUSED:
            raise BadExport(
                f"{self._shown}{path} refuses to answer ({answer.status}): give --token, or --user and "
                "--password, of one who may read it."
            )
        if not answer.is_good:
            raise BadExport(f"{self._shown}{path} answers with status {answer.status}.")
        try:
            told = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise BadExport(f"{self._shown}{path} does not answer in JSON.") from None
        return told if isinstance(told, dict) else {}
