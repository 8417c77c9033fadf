"""What a process counts and times as it works. Raising one takes about a microsecond and no statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

from scheduler.metrics.catalogue import Few, counter, gauge, histogram

#: Delays between two steps: from what a hand-over takes to what somebody should be told of.
_DELAYS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
#: What user code takes: up to a day.
_WORK: Final = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400, 43200, 86400)
#: What this program does itself.
_STEPS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

#: Values of labels that people choose: so many DAGs and queues have time series of their own.
MOST_DAGS: Final = 500
MOST_QUEUES: Final = 50
dags: Final = Few(MOST_DAGS)
queues: Final = Few(MOST_QUEUES)

BUILD: Final = gauge(
    "dirigent_build_info", "Always 1; the labels say what runs here.", "version", "python", "role"
)

# --- Tasks, attempts and runs ---------------------------------------------------------------------------------

TASK_STATES: Final = counter(
    "dirigent_task_state_changes_total",
    "Task instances that entered a state, counted by the process that wrote it. Outcomes are the final states.",
    "state",
)
RUN_STATES: Final = counter("dirigent_dag_run_state_changes_total", "Runs that entered a state.", "state")
RUNS_FINISHED: Final = counter(
    "dirigent_dag_runs_finished_total",
    f"Runs that ended, by DAG: the first {MOST_DAGS} DAGs that a process meets, all others as `other`.",
    "dag_id",
    "state",
)
RUN_DURATION: Final = histogram(
    "dirigent_dag_run_duration_seconds",
    "From the start of a run to its end, of runs that ended by themselves.",
    "state",
    buckets=_WORK,
)
EVENTS: Final = counter("dirigent_events_total", "Rows of the event table, by kind.", "kind")
ATTEMPTS: Final = counter(
    "dirigent_attempts_finished_total",
    "Attempts that ended on a worker, as their process told it. `kind`: task, task_callback or dag_callback.",
    "outcome",
    "kind",
)
ATTEMPT_DURATION: Final = histogram(
    "dirigent_attempt_duration_seconds", "What user code of an attempt took.", "outcome", buckets=_WORK
)
ATTEMPT_CPU: Final = counter("dirigent_attempt_cpu_seconds_total", "Processor time that attempts took.")
SCHEDULING_DELAY: Final = histogram(
    "dirigent_task_scheduling_delay_seconds",
    "From dependencies met to queued: planning, limits, pools, and free slots.",
    "queue",
    buckets=_DELAYS,
)
PICKUP_DELAY: Final = histogram(
    "dirigent_task_pickup_delay_seconds",
    "From queued to claimed by a worker.",
    "queue",
    buckets=_DELAYS,
)

# --- Workers --------------------------------------------------------------------------------------------------

SLOTS: Final = gauge("dirigent_worker_own_slots", "Attempts that this worker may run at once, now.")
BUSY: Final = gauge("dirigent_worker_own_busy_slots", "Attempts that this worker runs.")
RESIZES: Final = counter(
    "dirigent_worker_resizes_total", "Times that autoscaling changed the slots of this worker.", "direction"
)
LATE_REPORTS: Final = counter(
    "dirigent_late_reports_total", "Outcomes that were refused, because the attempt was another's by then."
)
RENEWALS: Final = counter("dirigent_lease_renewals_total", "Times that this worker renewed its leases.")
LEASES_LOST: Final = counter(
    "dirigent_leases_lost_total", "Attempts that the leader recorded as lost: their worker was silent."
)

# --- The leader -----------------------------------------------------------------------------------------------

LEADS: Final = gauge("dirigent_scheduler_leads", "1 where this process leads, 0 where it stands by.")
TICK_DURATION: Final = histogram(
    "dirigent_scheduler_tick_duration_seconds",
    "What a pass of the loop took. `cause`: tick (once a second) or wake (something changed).",
    "cause",
    buckets=_STEPS,
)
LOOP_LAG: Final = histogram(
    "dirigent_scheduler_loop_lag_seconds",
    "From a tick of the clock to the loop that answers it.",
    buckets=_STEPS,
)
DUTY_DURATION: Final = histogram(
    "dirigent_scheduler_duty_duration_seconds",
    "What a duty of the leader took, in all the transactions of one call.",
    "duty",
    buckets=_STEPS,
)
DUTY_FAILURES: Final = counter(
    "dirigent_scheduler_duty_failures_total", "Duties that ended with an error; the log says which.", "duty"
)
TICKETS: Final = counter("dirigent_tickets_published_total", "Tickets that went out to the broker.", "queue")
TICKET_FAILURES: Final = counter(
    "dirigent_ticket_failures_total", "Times that the broker did not take tickets; they go out again."
)
TICKETS_HEARD: Final = counter("dirigent_tickets_heard_total", "Tickets that a worker took.", "queue")

# --- The DAG folder -------------------------------------------------------------------------------------------

PARSE_DURATION: Final = histogram(
    "dirigent_dag_file_parse_duration_seconds",
    "What the import of one DAG file took.",
    "result",
    buckets=_STEPS,
)

# --- The database ---------------------------------------------------------------------------------------------

TRANSACTION: Final = histogram(
    "dirigent_database_transaction_duration_seconds",
    "From the begin to the end of a transaction, the wait for SQLite's one writer included.",
    "mode",
    buckets=_STEPS,
)
RETRIES: Final = counter(
    "dirigent_database_retries_total",
    "Transactions that began again after a deadlock or a serialization failure.",
)
DATABASE_ERRORS: Final = counter(
    "dirigent_database_errors_total",
    "Transactions that ended because the database did not answer or refused.",
)

# --- Logs -----------------------------------------------------------------------------------------------------

LOG_BYTES: Final = counter(
    "dirigent_log_written_bytes_total", "Bytes of attempts' logs, as written on the worker."
)
LOG_COPIED: Final = counter("dirigent_log_copied_bytes_total", "Bytes of logs copied to the database.")

# --- Progress -------------------------------------------------------------------------------------------------

SCRAPE_ERRORS: Final = counter(
    "dirigent_state_read_errors_total", "Times that the gauges of the database could not be read."
)


class Meter:
    """Counts what a database does for this process (`store.observer.Observer`)."""

    def __init__(self) -> None:
        self._modes = {mode: TRANSACTION.labels(mode) for mode in ("read", "write")}

    def transacted(self, mode: Literal["read", "write"], seconds: float) -> None:
        """Take note of a transaction."""
        self._modes[mode].observe(seconds)

    def failed(self) -> None:
        """Take note of one that the database refused or did not answer."""
        DATABASE_ERRORS.inc()

    def retried(self) -> None:
        """Take note of one that begins again."""
        RETRIES.inc()

    def gathered(self, items: Sequence[Any]) -> None:
        """Count events that were committed, by kind and by the state that something entered."""
        for (kind, state), count in Counter((event.kind, event.to_state) for event in items).items():
            EVENTS.labels(kind).inc(count)
            if state is not None and kind in _ENTERED:
                _ENTERED[kind].labels(state).inc(count)
        for event in items:
            if event.kind == "run.state" and event.to_state in _RUN_ENDS:
                RUNS_FINISHED.labels(dags.of(event.dag_id), event.to_state).inc()

    def ended(self, attempt_ids: Sequence[int]) -> None:
        """Take no note: the worker counts its attempts itself."""


_ENTERED: Final = {"task.state": TASK_STATES, "run.state": RUN_STATES}
_RUN_ENDS: Final = frozenset({"success", "failed"})


def note_delays(queue: str, scheduled_at: datetime | None, queued_at: datetime, claimed_at: datetime) -> None:
    """Observe how long a task waited for the planner and for a worker; clocks of two hosts may differ a little."""
    label = queues.of(queue)
    PICKUP_DELAY.labels(label).observe(max(0.0, (claimed_at - queued_at).total_seconds()))
    if scheduled_at is not None:
        SCHEDULING_DELAY.labels(label).observe(max(0.0, (queued_at - scheduled_at).total_seconds()))


def note_attempt(outcome: str, kind: str, seconds: float | None, cpu_s: float | None) -> None:
    """Count an attempt that ended."""
    ATTEMPTS.labels(outcome, kind).inc()
    if seconds is not None:
        ATTEMPT_DURATION.labels(outcome).observe(max(0.0, seconds))
    if cpu_s:
        ATTEMPT_CPU.inc(cpu_s)


def note_ticket(queue: str) -> None:
    """Count a ticket that went out."""
    TICKETS.labels(queues.of(queue)).inc()


def note_pass(seconds: float, lag_s: float | None) -> None:
    """Observe a pass of the loop; `lag_s` where a tick asked for it, and waited so long."""
    TICK_DURATION.labels("wake" if lag_s is None else "tick").observe(seconds)
    if lag_s is not None:
        LOOP_LAG.observe(max(0.0, lag_s))
