"""Runs: list, show, trigger, change, clear, delete, wait."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response, request

from scheduler.errors import BadParams, NothingToRerun
from scheduler.operations.delete import delete_run
from scheduler.operations.mark import mark_run, requeue_run
from scheduler.operations.notes import set_note
from scheduler.operations.rerun import Preview, RerunRequest, preview_rerun, rerun
from scheduler.operations.results import results_of
from scheduler.operations.trigger import trigger_run
from scheduler.plain_values import plain
from scheduler.security.rights import Right
from scheduler.store.choices import Choice
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session
from scheduler.store.views.run_lists import (
    RunEntry,
    RunsWanted,
    confs_with,
    count_runs,
    find_entry,
    list_runs,
)
from webui.api.frame import Fields, Routes
from webui.api.frame.choosing import chosen_by
from webui.api.frame.repeats import HEADER
from webui.api.run_fields import described, shown_conf
from webui.api.shapes import runs as shapes
from webui.api.shapes import tasks as task_shapes
from webui.api.task_fields import tasks_again
from webui.api.waiting import follow
from webui.context import actor, condition, now, reading, spec_of, web, writing
from webui.rights import may, needs

routes = Routes("api_runs", "/api/v2/dags/<dag_id>/dagRuns", tag="DagRun")


@routes.get("", answers=shapes.Runs)
@needs(Right.DAG_READ)
def get_dag_runs(dag_id: str, query: shapes.RunsQuery) -> Fields:
    """Return the runs of a DAG, or with `~` of all DAGs; in the order of their creation, or by `order_by`."""
    choice = query.choice()
    with reading() as session:
        if dag_id != "~":
            get_dag(session, dag_id)
            choice = choice.only("dag_id", dag_id)
        ids = _with_conf(session, choice, query.conf_contains)
        more = RunsWanted(ids=ids, asset=query.consuming_asset_pattern)
        found = list_runs(session, choice, more, limit=query.count, offset=query.start)
        total = count_runs(session, choice, more) if query.cursor is None else None
    return {**_listed(found, total), **query.cursors(len(found))}


@routes.post("/list", answers=shapes.Runs)
@needs(Right.DAG_READ)
def get_list_dag_runs_batch(dag_id: str, body: shapes.RunsBody) -> Fields:
    """Return the runs that a body describes; of one DAG, or with `~` of all."""
    choice = chosen_by(body, {"dag_ids": "dag_id", "states": "state"}, but={"conf_contains"})
    choice = choice if dag_id == "~" else choice.only("dag_id", dag_id)
    with reading() as session:
        more = RunsWanted(ids=_with_conf(session, choice, body.conf_contains))
        found = list_runs(session, choice, more, limit=min(body.page_limit, 1000), offset=body.page_offset)
        return _listed(found, count_runs(session, choice, more))


def _with_conf(session: Session, choice: Choice, text: str | None) -> list[int] | None:
    """Return the runs whose conf, as people see it, holds a text: what is secret in one cannot be searched for."""
    if not text:
        return None
    found = confs_with(session, choice, text)
    return [
        id_
        for id_, version_id, conf in found
        if text.casefold() in json.dumps(shown_conf(version_id, conf)).casefold()
    ]


def _listed(found: Sequence[RunEntry], total: int | None) -> dict[str, Any]:
    return {"dag_runs": [described(each) for each in found], "total_entries": total}


@routes.get("/<dag_run_id>", answers=shapes.RunWithResults)
@needs(Right.DAG_READ)
def get_dag_run(dag_id: str, dag_run_id: str) -> Fields:
    """Return one run, and what it returned, by task, once it has ended."""
    with reading() as session:
        entry = find_entry(session, dag_id, dag_run_id)
        may_read = may(Right.XCOM_READ, dag_id)
        spec = spec_of(session, entry.run.version_id)
        results = plain(results_of(session, entry.run, spec)) if may_read else {}
    return {**described(entry), "results": results}


@routes.post("", answers=shapes.RunWithResults)
@needs(Right.DAG_RUN)
def trigger_dag_run(dag_id: str, body: shapes.RunTrigger) -> Fields:
    """Trigger a run; the same `Idempotency-Key` finds the run that it triggered before."""
    at, key = now(), request.headers.get(HEADER)
    if body.run_after is not None and body.run_after > at:
        raise BadParams(f"run_after={body.run_after.isoformat()} lies ahead: trigger the run then.")
    start, end = body.data_interval_start, body.data_interval_end
    ref = writing(
        lambda session: trigger_run(
            session,
            at,
            dag_id,
            conf=body.conf,
            run_id=body.dag_run_id,
            logical_date=body.logical_date,
            interval=None if start is None or end is None else (start, end),
            note=body.note or "",
            partition_key=body.partition_key,
            idempotency_key=key,
            actor=actor(),
        )
    )
    return get_dag_run(dag_id, ref.run_id)


@routes.patch("/<dag_run_id>", answers=shapes.RunWithResults)
@needs(Right.DAG_RUN)
def patch_dag_run(dag_id: str, dag_run_id: str, query: shapes.RunMask, body: shapes.RunPatch) -> Fields:
    """Set the state of a run, its note, or both; queued has one that had ended go on."""
    change(dag_id, dag_run_id, body, query.update_mask)
    return get_dag_run(dag_id, dag_run_id)


def change(dag_id: str, run_id: str, body: shapes.RunPatch, mask: Sequence[str] = ()) -> None:
    """Set state and note of a run, as far as they are given and the mask lets them count."""
    fields = body.model_fields_set & (set(mask) or body.model_fields_set)

    def write(session: Session) -> None:
        if "note" in fields:
            set_note(session, now(), dag_id, run_id, body.note or "", actor=actor())
        if "state" in fields and body.state is not None:
            set_state(session, dag_id, run_id, body.state)

    writing(write)


def set_state(session: Session, dag_id: str, run_id: str, state: shapes.Settable) -> None:
    """Bring a run into a state; where it is in it, nothing happens."""
    if find_entry(session, dag_id, run_id).run.state == state:
        return
    if state == "queued":
        requeue_run(session, now(), dag_id, run_id, actor=actor())
    else:
        mark_run(session, now(), dag_id, run_id, to=state, actor=actor())


@routes.delete("/<dag_run_id>")
@needs(Right.DAG_RUN)
def delete_dag_run(dag_id: str, dag_run_id: str) -> None:
    """Delete a run that has ended, or has not started, with all that is kept of it."""
    delete_run(web().db, now(), dag_id, dag_run_id, condition=condition(), actor=actor())


@routes.post("/<dag_run_id>/clear", answers=task_shapes.Cleared)
@needs(Right.DAG_RUN)
def clear_dag_run(dag_id: str, dag_run_id: str, body: shapes.RunClear) -> Fields:
    """Run a run again, or with `dry_run` (the default) return the task instances that would."""
    request = wanted(dag_id, dag_run_id, body)
    if body.dry_run:
        with reading() as session:
            return tasks_again(session, [(request, preview(session, request))])
    writing(partial(clear, request, body.note))
    return get_dag_run(dag_id, dag_run_id)


def wanted(dag_id: str, run_id: str, body: shapes.RunClear) -> RerunRequest:
    """Return what is to run again of a run."""
    is_newest = body.run_on_latest_version or body.only_new
    return RerunRequest(
        dag_id=dag_id,
        run_id=run_id,
        only_failed=body.only_failed,
        only_new=body.only_new,
        code="now" if is_newest else "then",
    )


def preview(session: Session, request: RerunRequest) -> Preview:
    """Return what would run again; nothing where nothing can."""
    try:
        return preview_rerun(session, request)
    except NothingToRerun:
        return Preview(tasks=())


def clear(request: RerunRequest, note: str | None, session: Session) -> None:
    """Have it run again."""
    rerun(session, now(), request, actor=actor())
    if note is not None:
        set_note(session, now(), request.dag_id, request.run_id, note, actor=actor())


@routes.get("/<dag_run_id>/wait", answers=shapes.Waited, streams={"application/x-ndjson": shapes.Waited})
@needs(Right.DAG_READ)
def wait_dag_run_until_finished(dag_id: str, dag_run_id: str, query: shapes.Waiting) -> Response:
    """Wait until a run has ended; answer its state, and what it returned.

    As `application/x-ndjson` a line at each look, as JSON one object at the end.
    """
    with reading() as session:
        find_entry(session, dag_id, dag_run_id)
    return follow(dag_id, dag_run_id, query)
