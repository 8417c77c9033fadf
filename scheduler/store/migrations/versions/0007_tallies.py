"""What ended is summed up by minute, hour and day; how long DAGs were failing is kept."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT: Final = sa.DateTime(timezone=True)
_ID: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OF_RUN: Final = sa.text("end_date IS NOT NULL AND (counted_end IS NULL OR counted_end <> end_date)")
_OF_ATTEMPT: Final = sa.text("end_date IS NOT NULL AND NOT is_counted")
_FAILED: Final = sa.text("failed > 0")
_GOES_ON: Final = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the tables; the leader counts what history there is, a part at a time."""
    op.add_column("dag_run", sa.Column("counted_end", _INSTANT))
    op.add_column("attempt", sa.Column("scheduled_at", _INSTANT))
    op.add_column("attempt", sa.Column("is_counted", sa.Boolean, nullable=False, server_default=sa.false()))
    _index("ix_dag_run_uncounted_live", "dag_run", ["end_date"], _OF_RUN)
    _index("ix_attempt_uncounted_live", "attempt", ["id"], _OF_ATTEMPT)
    _make_tally()
    _make_delay_tally()
    _make_task_tally()
    _make_outage()


def downgrade() -> None:
    """Forget the sums."""
    for table in ("outage", "task_tally", "delay_tally", "tally"):
        op.drop_table(table)
    op.drop_index("ix_attempt_uncounted_live", "attempt")
    op.drop_index("ix_dag_run_uncounted_live", "dag_run")
    op.drop_column("attempt", "is_counted")
    op.drop_column("attempt", "scheduled_at")
    op.drop_column("dag_run", "counted_end")


def _index(name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, postgresql_where=where, sqlite_where=where)


def _cells(name: str, *columns: sa.Column[Any], keys: tuple[str, ...]) -> None:
    """Make a table of sums by width, DAG and beginning."""
    op.create_table(
        name,
        sa.Column("width_s", sa.Integer, nullable=False),
        sa.Column("dag_id", sa.Text, nullable=False),
        *(sa.Column(each, sa.Text, nullable=False) for each in ("task_id",) if each in keys),
        sa.Column("start_at", _INSTANT, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_width_s_start_at", name, ["width_s", "start_at"])


def _counts(*names: str, kind: sa.types.TypeEngine[int]) -> tuple[sa.Column[Any], ...]:
    return tuple(sa.Column(name, kind, nullable=False) for name in names)


def _make_tally() -> None:
    states = ("success", "failed", "lost", "skipped", "cancelled", "deferred", "callbacks")
    counts = _counts(*states, "runs_success", "runs_failed", "unmeasured", kind=sa.Integer())
    amounts = _counts("run_ms", "cpu_us", "memory_mb_ms", "peak_memory_bytes", kind=_ID)
    _cells("tally", *counts, *amounts, keys=("width_s", "dag_id", "start_at"))


def _make_delay_tally() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("kind", sa.Text, nullable=False),
        *_counts("bucket", "count", kind=sa.Integer()),
    )
    _cells("delay_tally", *columns, keys=("width_s", "dag_id", "start_at", "kind", "bucket"))


def _make_task_tally() -> None:
    counts = _counts("ended", "failed", kind=sa.Integer())
    amounts = _counts("run_ms", "cpu_us", "longest_ms", "longest_id", "failed_id", kind=_ID)
    _cells("task_tally", *counts, *amounts, keys=("width_s", "dag_id", "task_id", "start_at"))
    _index("ix_task_tally_failed_live", "task_tally", ["width_s", "start_at"], _FAILED)
    op.create_index("ix_task_tally_longest", "task_tally", ["width_s", sa.text("longest_ms DESC")])


def _make_outage() -> None:
    op.create_table(
        "outage",
        sa.Column("id", _ID, nullable=False),
        sa.Column("dag_id", sa.Text, nullable=False),
        sa.Column("began_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("failed_runs", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outage"),
    )
    _index("uq_outage_live", "outage", ["dag_id"], _GOES_ON, unique=True)
    op.create_index("ix_outage_ended_at", "outage", ["ended_at"])
