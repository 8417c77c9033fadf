"""DAGs are chosen by what Airflow calls their timetable."""

from __future__ import annotations

import json
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_BY_TIME: Final = {
    "none": "NullTimetable",
    "once": "OnceTimetable",
    "continuous": "ContinuousTimetable",
    "cron": "CronTriggerTimetable",
    "cron_interval": "CronDataIntervalTimetable",
    "delta": "DeltaTriggerTimetable",
    "delta_interval": "DeltaDataIntervalTimetable",
    "crons": "MultipleCronTriggerTimetable",
    "events": "EventsTimetable",
}
_BATCH: Final = 200


def upgrade() -> None:
    """Make the column, and fill it from what is stored of each DAG; a damaged graph leaves it empty."""
    op.add_column("dag", sa.Column("timetable_type", sa.Text()))
    session = op.get_bind()
    rows = session.execute(sa.text("SELECT dag_id, version_id FROM dag")).all()
    graph = sa.text("SELECT graph FROM dag_version WHERE id = :id")
    told: list[dict[str, str]] = []
    for dag_id, version_id in rows:
        found = _type(session.execute(graph, {"id": version_id}).scalar())
        told += [{"dag_id": dag_id, "found": found}] if found else []
    update = sa.text("UPDATE dag SET timetable_type = :found WHERE dag_id = :dag_id")
    for start in range(0, len(told), _BATCH):
        session.execute(update, told[start : start + _BATCH])


def _type(graph: str | None) -> str | None:
    try:
        schedule: dict[str, Any] = json.loads(graph or "").get("schedule") or {}
    except (ValueError, AttributeError):
        return None
    kind, has_parts = schedule.get("kind", "none"), schedule.get("partitions") is not None
    if schedule.get("assets") is not None:
        by_assets = "PartitionedAssetTimetable" if has_parts else "AssetTriggeredTimetable"
        return by_assets if kind == "none" else "AssetOrTimeSchedule"
    if kind == "own":
        return (schedule.get("own") or {}).get("class")
    return "CronPartitionTimetable" if has_parts else _BY_TIME.get(kind)


def downgrade() -> None:
    """Take it away."""
    op.drop_column("dag", "timetable_type")
