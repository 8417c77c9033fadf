"""The tables. One metadata for SQLite and PostgreSQL; `migrations/` holds how they came to be.

Instants are aware datetimes in UTC (`Instant`). Indexes named `*_live` are partial: their size
follows what is active, not history.

All of them are imported from here, so that the metadata is whole wherever one is used.
"""

from __future__ import annotations

from scheduler.store.tables.access import (
    connection,
    connection_trial,
    kept_answer,
    session,
    sign_in_token,
    variable,
)
from scheduler.store.tables.accounts import account, account_role, api_token, role, sign_in_failure
from scheduler.store.tables.alerts import alert, alert_watch, outbox
from scheduler.store.tables.assets import (
    asset,
    asset_check,
    asset_event,
    asset_held,
    asset_queue,
    asset_use,
    asset_watch,
    asset_watcher,
    dag_run_event,
)
from scheduler.store.tables.attempts import UNCOUNTED_ATTEMPT, attempt, log_chunk
from scheduler.store.tables.backfills import backfill
from scheduler.store.tables.code import blob, dag_bundle, dag_file, snapshot
from scheduler.store.tables.columns import Instant, metadata
from scheduler.store.tables.dags import dag, dag_favorite, dag_origin, dag_tag, dag_version, saved_filter
from scheduler.store.tables.listeners import listener
from scheduler.store.tables.questions import question
from scheduler.store.tables.runs import (
    ACTIVE_RUNS,
    BY_PEOPLE,
    OCCUPYING_TASKS,
    UNCOUNTED_RUN,
    UNFINISHED_TASKS,
    artifact,
    dag_run,
    event,
    task_instance,
    task_note,
    wait,
    xcom,
)
from scheduler.store.tables.servers import leader, pool, table_form, worker
from scheduler.store.tables.states import asset_state, task_state
from scheduler.store.tables.sums import delay_tally, outage, tally, task_tally

__all__ = [
    "ACTIVE_RUNS",
    "BY_PEOPLE",
    "OCCUPYING_TASKS",
    "UNCOUNTED_ATTEMPT",
    "UNCOUNTED_RUN",
    "UNFINISHED_TASKS",
    "Instant",
    "account",
    "account_role",
    "alert",
    "alert_watch",
    "api_token",
    "artifact",
    "asset",
    "asset_check",
    "asset_event",
    "asset_held",
    "asset_queue",
    "asset_state",
    "asset_use",
    "asset_watch",
    "asset_watcher",
    "attempt",
    "backfill",
    "blob",
    "connection",
    "connection_trial",
    "dag",
    "dag_bundle",
    "dag_favorite",
    "dag_file",
    "dag_origin",
    "dag_run",
    "dag_run_event",
    "dag_tag",
    "dag_version",
    "delay_tally",
    "event",
    "kept_answer",
    "leader",
    "listener",
    "log_chunk",
    "metadata",
    "outage",
    "outbox",
    "pool",
    "question",
    "role",
    "saved_filter",
    "session",
    "sign_in_failure",
    "sign_in_token",
    "snapshot",
    "table_form",
    "tally",
    "task_instance",
    "task_note",
    "task_state",
    "task_tally",
    "variable",
    "wait",
    "worker",
    "xcom",
]
