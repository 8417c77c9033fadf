"""The DAG folder as a service: it looks, has changed files parsed in children, and writes what was found.

One thread decides and writes; a `Place` rings its bell, parsing threads wait for children. Of several
schedulers only the leader runs it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, Protocol

from scheduler.clock import Clock
from scheduler.errors import DatabaseUnavailable, DirigentError, LeadLost
from scheduler.parsing.calls import Calls
from scheduler.parsing.ledger import Assignment, Ledger
from scheduler.parsing.places import Place
from scheduler.parsing.register import Origin, Policy
from scheduler.store.engine import Database, Transact
from scheduler.vitals import Vitals
from scheduler.wire import ErrorInfo, ParsedFile

log = logging.getLogger(__name__)

#: Between two looks when nothing told of a change.
LOOK_S: Final = 10.0
#: What health calls it.
PART: Final = "dag folder"
#: An editor may delete a file before it writes the new one: its DAGs are retired only after this time.
_GRACE: Final = timedelta(seconds=1)
_PARSERS: Final = 2
#: While more files than this are being parsed, what they give is gathered for a moment: a transaction costs
#: as much for twenty files as for two.
_MANY: Final = 10
_GATHER_S: Final = 0.2
#: The error of a child that ended without an answer: perhaps not the fault of the file, so it gets a second
#: chance.
_PROCESS_ENDED: Final = "ImportEnded"


class Parser(Protocol):
    """What imports a file in a child: `runtime.Supervisor`."""

    def parse(self, code_root: str, file: str, *, timeout_s: float, memory_bytes: int | None) -> ParsedFile:
        """Import a file below `code_root`; an error of the file is part of the answer. Blocks."""


class DagFolder:
    """Keeps the database true to the DAG folder. Use `start` and `close`, or `sweep` alone."""

    def __init__(
        self,
        *,
        db: Database,
        parser: Parser,
        place: Place,
        home: Path,
        clock: Clock,
        policy: Policy | None = None,
        timeout_s: float = 30.0,
        memory_bytes: int | None = None,
        vitals: Vitals | None = None,
        transact: Transact | None = None,
    ) -> None:
        self._vitals = vitals or Vitals()
        self._ledger = Ledger(db, place, home, policy or Policy(), transact)
        self._place = place
        self._parser = parser
        self._clock = clock
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._lock = Lock()
        self._parses: dict[str, tuple[Assignment, Future[ParsedFile]]] = {}
        self._well = ThreadPoolExecutor(_PARSERS, "dag-parse")
        #: Files that failed before wait for each other here, not others for them: one may loop until its time
        #: is up.
        self._sick = ThreadPoolExecutor(1, "dag-parse-failed")
        self._bell = Event()
        self._has_changed = Event()
        self._is_over = Event()
        self._looked_at = 0.0
        self._calls = Calls(db, lambda: self._ledger.record_count, self._on_change)
        self._thread = Thread(target=self._run, name="dag-folder")

    def start(self) -> None:
        """Look at once, then after every change, when somebody calls, and every ten seconds."""
        self._pulse = self._vitals.watch(PART, LOOK_S)
        self._has_changed.set()
        self._bell.set()
        self._thread.start()
        self._place.start(self._on_change)
        self._calls.start()

    def close(self) -> None:
        """Stop; what is being parsed is not waited for."""
        self._is_over.set()
        self._bell.set()
        self._vitals.forget(PART)
        if self._thread.is_alive():
            self._calls.close()
            self._place.close()
            self._thread.join()
        for pool in (self._well, self._sick):
            pool.shutdown(wait=False, cancel_futures=True)

    def sweep(self, now: datetime) -> int:
        """Look once, wait for everything that is to be parsed, write it; return how many files were parsed."""
        with self._lock:
            self._ledger.look(now)
            count = self._submit()
            while self._parses:
                futures = [future for _, future in self._parses.values()]
                if len(futures) > _MANY:
                    wait(futures, timeout=_GATHER_S)
                else:
                    wait(futures, return_when=FIRST_COMPLETED)
                self._collect(now)
                count += self._submit()
            self._ledger.retire_gone(now, grace=timedelta(0))
            return count

    def _on_change(self) -> None:
        self._has_changed.set()
        self._bell.set()

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._bell.wait(_GRACE.total_seconds() if self._ledger.has_gone else LOOK_S)
            if len(self._parses) > _MANY:
                self._is_over.wait(_GATHER_S)
            self._bell.clear()
            self._pulse.turn()
            try:
                self._step()
                self._pulse.beat()
            except DirigentError as error:
                log.warning(
                    "The DAG folder could not be read in; it is tried again in %g s: %s", LOOK_S, error
                )
            except Exception:
                log.exception("The DAG folder could not be read in; it is tried again in %g s.", LOOK_S)

    def _step(self) -> None:
        with self._lock:
            now = self._clock.now()
            self._collect(now)
            if self._has_changed.is_set() or self._clock.monotonic() - self._looked_at >= LOOK_S:
                self._has_changed.clear()
                self._looked_at = self._clock.monotonic()
                self._ledger.look(now)
            self._submit()
            self._ledger.retire_gone(now, grace=_GRACE)

    def _submit(self) -> int:
        assignments = self._ledger.assign(self._parses)
        for each in assignments:
            pool = self._sick if each.has_failed_before else self._well
            future = pool.submit(self._parse, each)
            self._parses[each.file] = (each, future)
            future.add_done_callback(lambda _: self._bell.set())
        return len(assignments)

    def _parse(self, wanted: Assignment) -> ParsedFile:
        parsed = self._parse_once(wanted)
        if parsed.error is not None and parsed.error.type == _PROCESS_ENDED:
            return self._parse_once(wanted)
        return parsed

    def _parse_once(self, wanted: Assignment) -> ParsedFile:
        return self._parser.parse(
            str(wanted.code_root), wanted.file, timeout_s=self._timeout_s, memory_bytes=self._memory_bytes
        )

    def _collect(self, now: datetime) -> None:
        """Write what the finished parses found, all in one transaction."""
        done = [(wanted, future) for wanted, future in self._parses.values() if future.done()]
        for wanted, _ in done:
            del self._parses[wanted.file]
            self._ledger.give_back(wanted.file)  # until it is written
        if done:
            parses = [(replace(future.result(), file=wanted.file), wanted.origin) for wanted, future in done]
            self._take(parses, now)

    def _take(self, parses: Sequence[tuple[ParsedFile, Origin]], now: datetime) -> None:
        try:
            self._ledger.take(parses, now)
        except (DatabaseUnavailable, LeadLost):
            raise
        except Exception as error:
            # A file must not be able to stop the others, whatever its child made of it.
            if len(parses) > 1:
                for parse in parses:
                    self._take([parse], now)
                return
            parsed, origin = parses[0]
            log.exception("What %s declares could not be stored.", parsed.file)
            self._ledger.take([(_refused(parsed, error), origin)], now)


def _refused(parsed: ParsedFile, error: Exception) -> ParsedFile:
    fault = ErrorInfo(type=type(error).__name__, message=f"What it declares could not be stored: {error}")
    return ParsedFile(file=parsed.file, error=fault, modules=parsed.modules, opened=parsed.opened)
