"""One attempt, from the request to launch it to its outcome."""

from __future__ import annotations

import logging
import math
import signal
from collections.abc import Callable
from typing import Final

from scheduler.errors import BadDag, TooLarge
from scheduler.logs.lines import DIRIGENT, IMPORT, STDERR, STDOUT
from scheduler.logs.mask import Masker
from scheduler.logs.sink import LogSink
from scheduler.runtime import kernel
from scheduler.runtime.frames import PROTOCOL
from scheduler.runtime.sockets import open_pair
from scheduler.runtime.supervisor.bounds import Bounds
from scheduler.runtime.supervisor.conversation import Conversation
from scheduler.runtime.supervisor.link import Ended, Link
from scheduler.runtime.supervisor.masking import masked
from scheduler.runtime.supervisor.output import OutputPipe, open_pipes
from scheduler.runtime.supervisor.printed import LogOutput
from scheduler.runtime.supervisor.rate import Allowance
from scheduler.runtime.supervisor.reactor import Timer
from scheduler.runtime.supervisor.restraint import Restraint
from scheduler.runtime.supervisor.services import Services
from scheduler.runtime.supervisor.verdict import (
    Evidence,
    Stop,
    footer,
    judge,
    outcome_of,
    parting_of,
)
from scheduler.wire import Data, ErrorInfo, Job, Outcome

_log: Final = logging.getLogger(__name__)

#: A short attempt writes its log once.
_FLUSH_S: Final = 0.2
#: Outcomes that are no failure: the log's last line is no error.
_WELL: Final = frozenset({"success", "skipped", "reschedule", "deferred", "awaiting_input"})


class Attempt:
    """Collects evidence, signals what must end, and delivers one outcome. Lives on the reactor's thread."""

    def __init__(
        self,
        services: Services,
        job: Job,
        log: LogSink,
        bounds: Bounds,
        deliver: Callable[[Attempt, Outcome], None],
    ) -> None:
        self.job = job
        self.bounds = bounds
        self._services = services
        self._log = log
        self._deliver = deliver
        self._evidence = Evidence(job, bounds=bounds)
        self._restraint = Restraint(services, bounds)
        self._oom_kills = services.oom_watch.lately()
        self._printed = tuple(LogOutput(log, source, self._flush_soon) for source in (STDOUT, STDERR))
        self._channel: Conversation | None = None
        self._pipes: list[OutputPipe] = []
        self._link: Link | None = None
        self._child_id = 0
        self._pid: int | None = None
        self._timers: list[Timer] = []
        self._kill_at = math.inf
        self._is_over = False
        self._rendered: Data | None = None

    def say(self, level: str, text: str) -> None:
        """Add a line of Dirigent's own to the log; it is written with the next one, or soon."""
        self._log.line(level, DIRIGENT, text)
        self._later(_FLUSH_S, self._log.flush)

    def refuse(self, reason: str) -> None:
        """Fail it before it has a process: what its task asks for is not to be had here, however often it is tried."""
        self._evidence.refusal = reason
        self._finish()

    def hide(self, known: Masker) -> None:
        """Keep out of its log and its outcome what its file read while it was imported."""
        self._log.masker.learn(known)

    def on_seat(self, link: Link, op: str) -> None:
        """Have the process forked, and give it its job."""
        if self._is_over:
            return
        self._evidence.is_seated = True
        try:
            facts = self._restraint.open(f"{self.job.attempt_id}-{self.job.epoch}", op)
            ours, theirs = open_pair()
            pipes = open_pipes(len(self._printed), self.bounds.account)
        except OSError as error:
            self._restraint.close()
            self.on_lost(f"could not be started: {error.strerror}")
            return
        self._link = link
        fds = [theirs.detach(), *(theirs_w for _, theirs_w in pipes)]
        self._child_id = link.fork(self, op, fds, **facts)
        allowance = Allowance(self._services.rate)
        for printed, (ours_r, _) in zip(self._printed, pipes, strict=True):
            self._pipes.append(OutputPipe(self._services.reactor, allowance, ours_r, printed))
        self._channel = self._services.converse(
            ours,
            self.job,
            self._log.masker,
            on_result=self._take_result,
            on_end=self._channel_ended,
            on_rendered=self._take_rendered,
        )
        if not self._restraint.has_group:
            self._send_job()

    def on_broken(self, error: ErrorInfo, output: str) -> None:
        """Its file could not be imported."""
        for text in (*output.splitlines(), *error.traceback.splitlines()):
            self._log.line("error", IMPORT, text)
        self._evidence.error = error
        self._finish()

    def on_started(self, pid: int) -> None:
        """The process exists."""
        self._evidence.started_at = self._services.clock.now()
        if not self._restraint.believes(pid):
            self._stop(Stop("failed", f"its preloader named process {pid}, which is another user's"))
            return
        self._pid = pid
        self._restraint.watch(pid, self._exceed)
        if self._restraint.has_group:
            self._take_in(pid)
        if self._evidence.stop is not None:
            self._signal(signal.SIGTERM)
        timeout_s = self.job.execution_timeout_s
        if timeout_s is not None:
            self._later(timeout_s + self._services.limits.timeout_grace_s, lambda: self._time_out(timeout_s))

    def on_ended(self, ended: Ended) -> None:
        """The process and its group are gone."""
        self._cancel_timers()
        self._evidence.ended = ended
        if kernel.exit_code(ended.status) == -signal.SIGKILL:
            self._evidence.memory_ran_out = self._services.oom_watch.now() > self._oom_kills
        self._finish()
        self._restraint.close()

    def on_lost(self, reason: str) -> None:
        """Its preloader is gone, or it could not be started: nobody waits for the process any more."""
        if self._pid is not None and self._restraint.believes(self._pid):
            kernel.kill_group(self._pid, signal.SIGKILL)
        self._evidence.lost = reason
        self._finish()
        self._restraint.close()

    def excuse(self) -> None:
        """What it sits in, or waits for, dies by no fault of its file."""
        self._evidence.is_excused = True

    def stop(self, reason: str, within_s: float | None = None) -> None:
        """End it as cancelled, unless it has said how it ended already."""
        self._stop(Stop("cancelled", reason), within_s)

    def abandon(self) -> None:
        """Give everything back, without an outcome: the supervisor itself ends."""
        self._is_over = True
        self._cancel_timers()
        self._restraint.close()
        for pipe in self._pipes:
            pipe.close()
        if self._channel is not None:
            self._channel.close()
        self._log.close("error", "Lost: its worker was stopped.")

    def _exceed(self, excess: str) -> None:
        """It takes more than it may, and no limit of the kernel has stopped it."""
        self._evidence.excess = excess
        self._signal(signal.SIGKILL)

    def _time_out(self, timeout_s: float) -> None:
        self._stop(Stop("failed", f"ran longer than {timeout_s:g} s"))

    def _stop(self, stop: Stop, within_s: float | None = None) -> None:
        if self._is_over or self._evidence.said is not None:
            return
        if self._evidence.stop is None:
            self._evidence.stop = stop
            self.say("warning", f"Told to stop: {stop.reason}.")
            if self._link is None:
                self._finish()
                return
            self._signal(signal.SIGTERM)
        self._kill_in(self._services.limits.stop_grace_s if within_s is None else within_s)

    def _kill_in(self, delay_s: float) -> None:
        """Kill it after a delay, unless that is to happen sooner already."""
        at = self._services.clock.monotonic() + delay_s
        if at < self._kill_at:
            self._kill_at = at
            self._later(delay_s, lambda: self._signal(signal.SIGKILL))

    def _signal(self, signum: signal.Signals) -> None:
        if self._link is not None:
            self._link.kill(self._child_id, signum)

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:
        self._timers.append(self._services.reactor.call_later(delay_s, call))

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _take_in(self, pid: int) -> None:
        """Let it begin once the kernel counts what it takes."""
        try:
            self._restraint.take_in(pid)
        except OSError as error:
            self._stop(Stop("failed", f"could not be put into its control group: {error.strerror}"))
        else:
            self._send_job()

    def _send_job(self) -> None:
        assert self._channel is not None
        try:
            self._channel.send({"protocol": PROTOCOL, "job": self.job})
        except TooLarge as error:
            self._stop(Stop("failed", str(error)))

    def _flush_soon(self) -> None:
        self._services.reactor.after_turn(self._log.flush)

    def _take_rendered(self, request: Data) -> None:
        """Keep what a short attempt has rendered for its outcome: a commit of its own costs as much as that."""
        self._rendered = request
        self._later(self._services.limits.rendered_in_s, self._write_rendered)

    def _write_rendered(self) -> None:
        """Let readers of a longer one see it while it runs."""
        request, self._rendered = self._rendered, None
        if request is not None and self._channel is not None:
            self._channel.ask(request)

    def _take_result(self, message: Data) -> None:
        if self._evidence.said is not None or self._evidence.channel_fault is not None:
            return
        try:
            self._evidence.said = outcome_of(self.job, message)
            parting = parting_of(message)
        except (BadDag, KeyError, TypeError, ValueError) as error:
            self._channel_ended(f"it sent an outcome that cannot be read: {error}")
            return
        if self._is_over:
            return  # its end was heard of first
        if parting is not None:
            self._evidence.ended = parting
            self._finish()
        self._later(self._services.limits.exit_grace_s, self._kill_lingering)

    def _fields(self) -> dict[str, str | int]:
        """What a line of the worker's own log about it carries."""
        job = self.job
        return {
            "dag_id": job.run.dag_id,
            "run_id": job.run.run_id,
            "task_id": job.task_id,
            "path": job.path,
            "attempt_id": job.attempt_id,
            "try_number": job.try_number,
        }

    def _kill_lingering(self) -> None:
        _log.warning(
            "%s, run %s of %s, did not end within %g s of its outcome, which stands; its process is killed.",
            self.job.task_id or self.job.callback,
            self.job.run.run_id,
            self.job.run.dag_id,
            self._services.limits.exit_grace_s,
            extra=self._fields(),
        )
        self._signal(signal.SIGKILL)

    def _channel_ended(self, fault: str) -> None:
        if fault:
            self._evidence.channel_fault = fault
            self._signal(signal.SIGKILL)

    def _finish(self) -> None:
        """Take in what is still under way, then conclude."""
        if self._is_over:
            return
        self._is_over = True
        self._cancel_timers()
        self._evidence.excess = self._evidence.excess or self._restraint.excess()
        for pipe in self._pipes:
            pipe.finish()
        for printed in self._printed:
            printed.finish()
        if self._channel is None:
            self._conclude()
        else:
            self._channel.finish(self._conclude)

    def _conclude(self) -> None:
        said = judge(self._evidence, self._services.clock.now())
        outcome = masked(said, self._log.masker, self._rendered)
        if self._log.error_count:
            _log.warning(
                "Part of a log could not be written: %s.", self._log.error_reason, extra=self._fields()
            )
        self._log.close("info" if outcome.state in _WELL else "error", footer(outcome))
        self._deliver(self, outcome)
