"""Start a run by hand, with a form made from the DAG's params."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from scheduler.core.backfills import read_bound
from scheduler.errors import AlreadyExists, BadConf, BadId, BadName, BadParams, TooLarge
from scheduler.logs.masking import masked_conf
from scheduler.operations.trigger import RunRef, trigger_run
from scheduler.security.rights import Right
from scheduler.security.tokens import new_token
from scheduler.store.views import dags, runs
from scheduler.wire import DagSpec, Data
from webui import forms
from webui.context import actor, now, reading, spec_of, writing
from webui.filters import command, run_url, spelled_json
from webui.form_values import Filled, read
from webui.fragments import is_sheet
from webui.rights import needs
from webui.tongues.speaking import gettext
from webui.uploads import sent

blueprint = Blueprint("trigger", __name__)

#: Browsers, proxies and chats cut what is longer.
_LONGEST_LINK: Final = 4_000
#: Fields that are no params: which one a refusal is about.
_OWN: Final = ("run_id", "logical_date", "note", "partition_key")


@blueprint.get("/dags/<dag_id>/trigger")
@needs(Right.DAG_RUN)
def form(dag_id: str) -> str:
    """Show the form, filled with the defaults, with an earlier run's conf, or as its link says. It starts nothing."""
    dag, spec = _dag(dag_id)
    given = MultiDict(request.args)
    if request.args.get("like") and not request.args.get("conf"):
        given["conf"] = json.dumps(_conf_of(spec, request.args["like"]), indent=2)
    return _form(dag, spec, read(spec, given), {})


@blueprint.post("/dags/<dag_id>/trigger")
@needs(Right.DAG_RUN)
def start(dag_id: str) -> ResponseReturnValue:
    """Start the run. The form's key makes a second click find the first one's run."""
    dag, spec = _dag(dag_id)
    filled, problems = _read(spec)
    if not filled.is_good or problems:
        return _form(dag, spec, filled, problems), 400
    try:
        run = _trigger(spec, filled.conf)
    except (BadParams, BadConf, BadId, BadName, AlreadyExists, TooLarge) as error:
        return _form(dag, spec, filled, {_place_of(error): str(error)}), 400
    flash(
        gettext("%(dag_id)s was triggered.", dag_id=dag_id)
        if run.is_new
        else gettext("%(dag_id)s had been triggered by this form: here is that run.", dag_id=dag_id)
    )
    return redirect(run_url(dag_id, run.run_id), 303)


def _trigger(spec: DagSpec, conf: Data) -> RunRef:
    given = request.form
    return writing(
        lambda session: trigger_run(
            session,
            now(),
            spec.dag_id,
            conf=conf,
            logical_date=_logical_date(spec),
            run_id=given.get("run_id", "").strip() or None,
            note=given.get("note", ""),
            idempotency_key=_key(conf),
            partition_key=given.get("partition_key"),
            actor=actor(),
        )
    )


def _read(spec: DagSpec) -> tuple[Filled, dict[str, str]]:
    """Read the fields, the files among them, and what is wrong with the others."""
    filled, problems = read(spec, *sent()), {}
    try:
        _logical_date(spec)
    except BadParams as wrong:
        problems["logical_date"] = str(wrong)
    return filled, problems


def _logical_date(spec: DagSpec) -> datetime | None:
    """Return the instant that is asked for, by the clock of the DAG. Raises BadParams."""
    text = request.form.get("logical_date", "").strip()
    try:
        return read_bound(text, spec.timezone) if text else None
    except ValueError as wrong:
        raise BadParams(f"{wrong}.") from None


def _key(conf: Data) -> str | None:
    """Return what makes a second click the first one's: who comes back and changes the form means another run."""
    key, own = request.form.get("key"), [request.form.get(name) for name in _OWN]
    means = json.dumps([conf, own], sort_keys=True)
    return f"{key}.{sha256(means.encode()).hexdigest()[:16]}" if key else None


def _place_of(error: Exception) -> str:
    """Return the field that a refusal is about; empty where it is about none."""
    match error:
        case BadId():
            return "run_id"
        case AlreadyExists():
            return "run_id" if request.form.get("run_id", "").strip() else "logical_date"
        case TooLarge():
            return "note"
        case _:
            return ""


def _dag(dag_id: str) -> tuple[dags.DagRow, DagSpec]:
    with reading() as session:
        dag = dags.find_dag(session, dag_id)
        return dag, spec_of(session, dag.version_id)


def _conf_of(spec: DagSpec, run_id: str) -> Data:
    """Return what an earlier run was given, but for values that are secrets or have one in them."""
    with reading() as session:
        conf = runs.find_run(session, spec.dag_id, run_id).conf
    shown = masked_conf(conf, spec.params)
    return {name: value for name, value in conf.items() if shown[name] == value}


def _form(dag: dags.DagRow, spec: DagSpec, filled: Filled, problems: dict[str, str]) -> str:
    told = filled.told
    with reading() as session:
        last = runs.last_by_hand(session, dag.dag_id)
    link = url_for("trigger.form", dag_id=dag.dag_id, conf=spelled_json(told) if told else None)
    return render_template(
        "trigger.html",
        as_sheet=is_sheet(),
        title=gettext("Trigger"),
        dag_id=dag.dag_id,
        is_paused=dag.is_paused,
        has_partitions=spec.schedule.partitions is not None,
        zone=spec.timezone,
        task_count=len(spec.tasks),
        sections=forms.sections(filled.fields),
        conf_text=filled.text or (spelled_json(told, indent=2) if told else ""),
        conf_problem=filled.problem,
        is_odd=bool(filled.text or set(told) - {param.name for param in spec.params}),
        problems=problems,
        own={name: request.values.get(name, "") for name in _OWN},
        last=last if last and last.conf and request.args.get("like") != last.run_id else None,
        link=link if len(link) <= _LONGEST_LINK else "",
        line=command("dags", "trigger", dag.dag_id, *(["--conf", spelled_json(told)] if told else [])),
        key=request.form.get("key") or new_token(),
    )
