"""Assets and their events; runs may begin for these."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Instant = sa.DateTime(timezone=True)
_EVENT = ("dag_id", "run_id", "task_id", "path", "alias", "partition_key", "actor")


def upgrade() -> None:
    """Make the tables, and the column of runs by partitions."""
    op.create_table(
        "asset",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_asset_uri", "asset", ["uri"])
    op.create_table(
        "asset_use",
        sa.Column("dag_id", sa.Text(), sa.ForeignKey("dag.dag_id", ondelete="CASCADE"), primary_key=True),
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("role", "task_id", "kind", "value")),
    )
    op.create_index("ix_asset_use_value", "asset_use", ["value", "role"])
    op.create_table(
        "asset_event",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _EVENT),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_asset_event_name", "asset_event", ["name", "id"])
    _partial("ix_asset_event_alias_live", "asset_event", ["alias", "id"], "alias <> ''")
    op.create_index("ix_asset_event_at", "asset_event", ["at"])
    op.create_table(
        "asset_queue",
        sa.Column("dag_id", sa.Text(), primary_key=True),
        _event_id(),
        sa.Column("partition_key", sa.Text(), primary_key=True),
        sa.Column("is_new", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.create_index("ix_asset_queue_event_id", "asset_queue", ["event_id"])
    _partial("ix_asset_queue_new_live", "asset_queue", ["dag_id"], "is_new")
    op.create_table(
        "dag_run_event",
        sa.Column("run_pk", Id, sa.ForeignKey("dag_run.id", ondelete="CASCADE"), primary_key=True),
        _event_id(),
    )
    op.create_index("ix_dag_run_event_event_id", "dag_run_event", ["event_id"])
    op.add_column("dag_run", sa.Column("partition_key", sa.Text()))


def _event_id() -> sa.Column[int]:
    return sa.Column("event_id", Id, sa.ForeignKey("asset_event.id", ondelete="CASCADE"), primary_key=True)


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Take them away."""
    op.drop_column("dag_run", "partition_key")
    for table in ("dag_run_event", "asset_queue", "asset_event", "asset_use", "asset"):
        op.drop_table(table)
