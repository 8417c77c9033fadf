"""Alerts: what fires, when to look again; messages name the channel that they go to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JsonText = sa.JSON()
Instant = sa.DateTime(timezone=True)
_OUTBOX = sa.table(
    "outbox",
    sa.column("id", Id),
    sa.column("channel", sa.Text()),
    sa.column("payload", JsonText),
    sa.column("next_try_at", Instant),
)
_LIVE = sa.text("over_at IS NULL")
_FAILED = sa.text("state = 'failed'")
_DECLARED = sa.text("alerts IS NOT NULL")


def upgrade() -> None:
    """Make the tables; messages that wait keep whom they are for."""
    op.create_table(
        "alert",
        sa.Column("id", Id, primary_key=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_pk", Id),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("definition", JsonText, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("told_at", Instant, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("over_at", Instant),
        sa.Column("over_reason", sa.Text(), nullable=False),
    )
    _index("uq_alert_rule_subject_live", "alert", ["rule", "subject"], _LIVE, is_unique=True)
    _index("ix_alert_dag_id_live", "alert", ["dag_id"], _LIVE)
    op.create_index("ix_alert_over_at", "alert", ["over_at"])
    op.create_table(
        "alert_watch",
        sa.Column("id", Id, primary_key=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_pk", Id, sa.ForeignKey("dag_run.id", ondelete="CASCADE")),
        sa.Column("definition", JsonText, nullable=False),
        sa.Column("due_at", Instant, nullable=False),
        sa.UniqueConstraint("rule", "subject"),
    )
    op.create_index("ix_alert_watch_due_at", "alert_watch", ["due_at"])
    op.create_index("ix_alert_watch_run_pk", "alert_watch", ["run_pk"])
    op.add_column("dag", sa.Column("alerts", JsonText))
    _index("ix_dag_alerts_live", "dag", ["dag_id"], _DECLARED)
    _index("ix_dag_run_failed", "dag_run", ["dag_id", "end_date"], _FAILED)
    op.add_column("outbox", sa.Column("channel", sa.Text(), nullable=False, server_default=""))
    _name_channels()
    op.create_index("ix_outbox_channel_id", "outbox", ["channel", "id"])


def downgrade() -> None:
    """Forget what fires; messages that wait go to whom they are for by number again."""
    op.drop_index("ix_outbox_channel_id", "outbox")
    op.drop_column("outbox", "channel")
    op.drop_index("ix_dag_run_failed", "dag_run")
    op.drop_index("ix_dag_alerts_live", "dag")
    op.drop_column("dag", "alerts")
    op.drop_table("alert_watch")
    op.drop_table("alert")


def _index(
    name: str, table: str, columns: list[str], where: sa.TextClause, *, is_unique: bool = False
) -> None:
    op.create_index(name, table, columns, unique=is_unique, sqlite_where=where, postgresql_where=where)


def _name_channels() -> None:
    """A message knew its recipient by number, and its words were found when it was sent."""
    waiting = sa.select(_OUTBOX.c.id, _OUTBOX.c.payload).where(_OUTBOX.c.next_try_at.is_not(None))
    for message_id, old in op.get_bind().execute(waiting).all():
        payload = {
            "title": f"{old['dag_id']} failed",
            "body": f"Run {old['dag_run_id']} of {old['dag_id']} failed: {old['reason']}",
            "link": "",
            "type": "failure",
            "message_id": str(message_id),
        }
        channel = f"notify_on_failure:{old.get('recipient', 0) + 1}"
        statement = sa.update(_OUTBOX).where(_OUTBOX.c.id == message_id)
        op.execute(statement.values(channel=channel, payload=payload))
