"""The run of a test, as its tasks see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler.core.ids import manual_run_id
from scheduler.errors import BadConf, NaiveDate
from scheduler.testing.params import params_of
from scheduler.wire import DagSpec, RunInfo


def describe_run(spec: DagSpec, conf: Mapping[str, Any], logical_date: datetime) -> RunInfo:
    """Return a run by hand; raises BadParams, BadConf, NaiveDate."""
    moment = zoned("logical_date", logical_date).isoformat()
    return RunInfo(
        dag_id=spec.dag_id,
        run_id=manual_run_id(logical_date),
        run_type="manual",
        logical_date=moment,
        data_interval_start=moment,
        data_interval_end=moment,
        run_after=moment,
        start_date=moment,
        queued_at=moment,
        conf=_as_json(conf),
        params=params_of(spec, conf),
        triggered_by="test",
    )


def _as_json(conf: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(json.loads(json.dumps(conf, allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise BadConf(f"run_conf must be JSON, as it is on the server: {error}.") from None


def zoned(name: str, moment: datetime) -> datetime:
    """Return the instant; raises NaiveDate for one without a time zone."""
    if moment.tzinfo is None:
        raise NaiveDate(f"{name}={moment} has no time zone; write datetime(..., tzinfo=UTC).")
    return moment
