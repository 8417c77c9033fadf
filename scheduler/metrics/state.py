"""Gauges of what the database holds. Read when somebody asks, not kept: see `monitoring.collector`.

Every page and scheduler says the same of them: take the `max by (...)` of several processes, not the sum.
"""

from __future__ import annotations

from typing import Final

from scheduler.metrics.catalogue import Described, describe


def _state(name: str, meaning: str, *labels: str) -> Described:
    return describe(name, "gauge", meaning, labels)


TASKS: Final = _state("dirigent_tasks", "Task instances that are not final, by state.", "state")
RUNS: Final = _state("dirigent_dag_runs", "Runs that are queued or running.", "state")
DAGS: Final = _state("dirigent_dags", "DAGs of the folder: active or paused.", "state")
IMPORT_ERRORS: Final = _state("dirigent_import_errors", "DAG files that do not load.")
QUEUE_WAITING: Final = _state(
    "dirigent_queue_waiting_tasks",
    "Attempts in the queue, and tasks that would be there were there a free slot: what pools and max_active_tasks hold "
    "back is left out.",
    "queue",
)
QUEUE_QUEUED: Final = _state("dirigent_queue_queued_tasks", "Attempts that wait for a worker.", "queue")
QUEUE_SCHEDULED: Final = _state(
    "dirigent_queue_scheduled_tasks",
    "Tasks whose dependencies are met and that no attempt was made of yet.",
    "queue",
)
QUEUE_RUNNING: Final = _state("dirigent_queue_running_tasks", "Attempts that run.", "queue")
QUEUE_OLDEST: Final = _state(
    "dirigent_queue_oldest_age_seconds",
    "Age of the attempt that has waited longest for a worker; 0: none.",
    "queue",
)
QUEUE_SLOTS: Final = _state(
    "dirigent_queue_slots", "Slots of the live workers that listen to the queue.", "queue"
)
QUEUE_DESIRED: Final = _state(
    "dirigent_queue_desired_slots", "Slots with which nothing would wait: running and waiting work.", "queue"
)
WORKERS: Final = _state("dirigent_workers", "Workers that are alive.")
WORKER_SLOTS: Final = _state("dirigent_worker_slots", "Slots of each live worker.", "worker", "hostname")
WORKER_BUSY: Final = _state(
    "dirigent_worker_busy_slots",
    "Slots taken, as each live worker said at its last heartbeat.",
    "worker",
    "hostname",
)
POOL_SLOTS: Final = _state("dirigent_pool_slots", "Size of each pool.", "pool")
POOL_USED: Final = _state("dirigent_pool_used_slots", "Slots that queued and running tasks take.", "pool")
POOL_OPEN: Final = _state("dirigent_pool_open_slots", "Slots that are free.", "pool")
HAS_LEADER: Final = _state(
    "dirigent_scheduler_has_leader", "1 while a scheduler leads by a lease that is good."
)
MESSAGES: Final = _state("dirigent_messages_unsent", "Messages to people that wait to be sent.")
READ_AT: Final = _state(
    "dirigent_state_read_duration_seconds", "What the read of these gauges took; it is kept for some seconds."
)

# Of this process, yet asked for when somebody looks.
PROGRESS_AGE: Final = _state(
    "dirigent_progress_age_seconds",
    "Of each part of this process: seconds since it last did what it is there for. Age of a tick, a renewal, ...",
    "part",
)
PROGRESS_LATE: Final = _state(
    "dirigent_progress_late", "1 where a part of this process is late: /health is red.", "part"
)
