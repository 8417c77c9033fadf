"""Start a run by hand, with a form made from the DAG's params."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.errors import BadConf, BadParams
from scheduler.operations.trigger import trigger_run
from scheduler.security.rights import Right
from scheduler.security.tokens import new_token
from scheduler.store.views import dags, runs
from scheduler.wire import DagSpec, Data
from webui import forms
from webui.context import actor, now, reading, spec_of, writing
from webui.filters import command, run_url
from webui.fragments import is_sheet
from webui.rights import needs

blueprint = Blueprint("trigger", __name__)


@blueprint.get("/dags/<dag_id>/trigger")
@needs(Right.DAG_RUN)
def form(dag_id: str) -> str:
    """Show the form, filled with the defaults or with an earlier run's conf."""
    given = _conf_of(dag_id, request.args.get("like", ""))
    dag, spec = _dag(dag_id)
    return _form(dag, spec, forms.fields(spec, given), given, [])


@blueprint.post("/dags/<dag_id>/trigger")
@needs(Right.DAG_RUN)
def start(dag_id: str) -> ResponseReturnValue:
    """Start the run. The form's key makes a second click find the first one's run."""
    dag, spec = _dag(dag_id)
    conf, fields = forms.read(spec, request.form)
    wrong = [field.problem for field in fields if field.problem]
    if wrong:
        return _form(dag, spec, fields, conf, []), 400
    key = request.form.get("key") or None
    try:
        run = writing(
            lambda session: trigger_run(
                session,
                now(),
                dag_id,
                conf=conf,
                idempotency_key=key,
                partition_key=request.form.get("partition_key"),
                actor=actor(),
            )
        )
    except (BadParams, BadConf) as error:
        return _form(dag, spec, fields, conf, [str(error)]), 400
    flash(f"{dag_id} was triggered.")
    return redirect(run_url(dag_id, run.run_id), 303)


def _dag(dag_id: str) -> tuple[dags.DagRow, DagSpec]:
    with reading() as session:
        dag = dags.find_dag(session, dag_id)
        return dag, spec_of(session, dag.version_id)


def _conf_of(dag_id: str, run_id: str) -> Data:
    if not run_id:
        return {}
    with reading() as session:
        return runs.find_run(session, dag_id, run_id).conf


def _form(dag: dags.DagRow, spec: DagSpec, fields: list[forms.Field], conf: Data, problems: list[str]) -> str:
    names = {param.name for param in spec.params}
    extra: dict[str, Any] = {key: value for key, value in conf.items() if key not in names}
    line = command("dags", "trigger", dag.dag_id, *(["--conf", json.dumps(conf)] if conf else []))
    return render_template(
        "trigger.html",
        as_sheet=is_sheet(),
        title="Trigger",
        dag_id=dag.dag_id,
        is_paused=dag.is_paused,
        has_partitions=spec.schedule.partitions is not None,
        task_count=len(spec.tasks),
        sections=forms.sections(fields),
        extra=json.dumps(extra, indent=2) if extra else "",
        problems=problems,
        line=line,
        key=request.form.get("key") or new_token(),
    )
