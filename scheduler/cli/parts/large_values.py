"""Keeps large values out of the database: between the supervisor and those who store what tasks hand on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Lock as Mutex
from typing import Final

from scheduler.errors import DirigentError, NotSerializable
from scheduler.items import item_of
from scheduler.payloads import Owner, Payloads, is_reference
from scheduler.runtime.supervisor.conversation import Answer
from scheduler.wire import Data, Job, Json, Outcome

_log: Final = logging.getLogger(__name__)
#: Values that are under way at once.
_THREADS: Final = 4
#: What is answered with values.
_READING: Final = frozenset({"get_xcom", "get_xcom_item", "get_xcoms", "run_results"})


class LargeValues:
    """What it is handed of values goes on as references, and references come back as values."""

    def __init__(self, payloads: Payloads, answer: Answer, on_outcome: Callable[[Outcome], None]) -> None:
        self._payloads = payloads
        self._answer = answer
        self._on_outcome = on_outcome
        self._mutex = Mutex()
        self._owners: dict[int, Owner] = {}
        self._pool = ThreadPoolExecutor(_THREADS, "payload")

    def note(self, job: Job) -> None:
        """Remember whose values the attempt's will be; its outcome names the attempt alone."""
        with self._mutex:
            self._owners[job.attempt_id] = _owner_of(job)

    def answer(self, job: Job | None, verb: str, args: Data) -> Json:
        """Answer one request of running code. Raises what the one behind it raises, and ArchiveUnavailable."""
        if job is not None and verb == "set_xcom":
            _check(args["value"], args["key"])
            value = self._payloads.park(_owner_of(job), args["key"], args["value"])
            return self._answer(job, verb, {**args, "value": value})
        answered = self._answer(job, verb, args)
        if job is None or verb not in _READING:
            return answered
        if verb == "run_results":
            return fetch_results(self._payloads, args["dag_id"], args["run_id"], answered)
        dag_id, run_id = args.get("dag_id") or job.run.dag_id, args.get("run_id") or job.run.run_id
        fetch = partial(self._payloads.fetch, Owner(dag_id, run_id, args["task_id"]))
        match verb:
            case "get_xcoms":
                return {**answered, "values": [fetch(each) for each in answered["values"]]}
            case "get_xcom_item" if is_reference(answered):
                return item_of(fetch(answered), args["index"])
            case _:
                return fetch(answered)

    def finished(self, outcome: Outcome) -> None:
        """Take the outcome of an attempt; it goes on at once, or when its values are kept."""
        with self._mutex:
            owner = self._owners.pop(outcome.attempt_id, None)
        if owner is None or not outcome.xcoms:
            self._on_outcome(outcome)
        else:
            self._pool.submit(partial(self._finish, owner, outcome))

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()

    def _finish(self, owner: Owner, outcome: Outcome) -> None:
        try:
            for key, value in outcome.xcoms.items():
                _check(value, key)
            kept = {key: self._payloads.park(owner, key, value) for key, value in outcome.xcoms.items()}
            ended = replace(outcome, xcoms=kept)
        except DirigentError as error:
            ended = _unkept(outcome, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the outcome reaches the worker
            _log.exception("The values of attempt %s could not be kept.", outcome.attempt_id)
            ended = _unkept(outcome, f"{type(error).__name__}: {error}")
        self._on_outcome(ended)


def fetch_results(payloads: Payloads, dag_id: str, run_id: str, results: Mapping[str, Json]) -> Data:
    """Return what a run returned, by task, with the values that references in it stand for.

    Raises ArchiveUnavailable and NotFound.
    """
    found: Data = {}
    for task_id, value in results.items():
        fetch = partial(payloads.fetch, Owner(dag_id, run_id, task_id))
        found[task_id] = [fetch(each) for each in value] if isinstance(value, list) else fetch(value)
    return found


def _owner_of(job: Job) -> Owner:
    attempt = "-".join(filter(None, (job.path, f"{job.attempt_id}.{job.epoch}")))
    return Owner(job.run.dag_id, job.run.run_id, job.task_id, attempt)


def _check(value: Json, key: str) -> None:
    """Refuse a reference that user code made up: it is for this class to say where a value is kept."""
    if is_reference(value):
        raise NotSerializable(f"The XCom {key!r} pretends to be kept elsewhere.")


def _unkept(outcome: Outcome, reason: str) -> Outcome:
    return replace(
        outcome,
        state="failed",
        xcoms={},
        skip_tasks=(),
        reason=f"what it returned could not be kept: {reason}",
    )
