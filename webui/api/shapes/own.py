"""What Airflow's API has no shape for."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from webui.api.frame import Answer, Query


class CostWanted(Query):
    """Of what it is told what it took, in which span, and by what it is parted."""

    by: Literal["dag", "owner", "team", "day"] = "dag"
    since: str = "7d"
    until: str = ""
    dag_id: str = ""
    owner: str = ""
    team: str = ""
    tag: str = ""
    q: str = ""


class Spent(Answer):
    """What attempts took. The cost is text, to a millionth; without prices there is none."""

    attempts: int
    unmeasured_attempts: int
    run_seconds: float
    cpu_seconds: float
    memory_gb_hours: float
    peak_memory_bytes: int
    cost: str | None
    currency: str | None


class SpentBy(Spent):
    """What the attempts of something took; of these names only that counts by which they are parted."""

    dag: str | None = None
    owner: str | None = None
    team: str | None = None
    day: str | None = None


class SpentInAll(Spent):
    """What all of them took."""

    name: str | None


class Costs(Answer):
    """What was spent in a span."""

    cost: list[SpentBy]
    total: SpentInAll
    since: datetime
    until: datetime
    total_entries: int
