"""What running code asks of its supervisor, answered from the database: one method a verb of `sdk.channel`."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict

from scheduler.clock import Clock, parse_instant
from scheduler.core.assets import Mark
from scheduler.core.ids import TaskKey
from scheduler.core.states import RunType
from scheduler.errors import Conflict
from scheduler.operations.assets import told
from scheduler.operations.finding import get_run
from scheduler.operations.latest import is_latest
from scheduler.operations.looking_back import LOOKING_BACK
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.operations.results import results_of
from scheduler.operations.states import StateVerbs
from scheduler.operations.trigger import trigger_run
from scheduler.store import Database, Session
from scheduler.store.artifacts import Artifact, put_artifact
from scheduler.store.asset_history import events_of_run, list_events
from scheduler.store.assets import get_asset
from scheduler.store.attempts import set_rendered
from scheduler.store.ciphers import Cipher
from scheduler.store.connections import get_connection
from scheduler.store.dags import find_dag, get_dag
from scheduler.store.fences import require_live
from scheduler.store.lookups import Question, states_of
from scheduler.store.mapped_xcoms import Handed, lengths, read_instances, read_item
from scheduler.store.plans import planned_runs
from scheduler.store.runs import find_run
from scheduler.store.schedules import last_scheduled
from scheduler.store.task_states import groups_by_task, states_of_runs, states_of_tasks
from scheduler.store.variables import delete_variable, get_variable, put_variable
from scheduler.store.versions import load_graph
from scheduler.store.xcoms import XComRow, get_xcom, put_xcoms
from scheduler.wire import Data, Job, Json

Verb = Callable[[Session, Job, Data], Json]


class Answers:
    """Answers children of one process. Called from several threads."""

    def __init__(self, db: Database, cipher: Cipher, clock: Clock, *, state_days: float = 30) -> None:
        self._db = db
        self._cipher = cipher
        self._clock = clock
        states = StateVerbs(clock, state_days)
        self._parsing: dict[str, Callable[[Session, Data], Json]] = {
            "get_variable": self._get_variable,
            "get_connection": self._get_connection,
            "look_up": _look_up,
            "last_scheduled": _last_scheduled,
        }
        self._reading: dict[str, Verb] = {
            "get_xcom": _get_xcom,
            "get_xcom_length": _get_xcom_length,
            "get_xcom_item": _get_xcom_item,
            "get_xcoms": _get_xcoms,
            "run_state": _run_state,
            "run_results": _run_results,
            "task_states": _task_states,
            "states_of_runs": _states_of_runs,
            "tasks_of_dag": _tasks_of_dag,
            "is_latest_run": self._is_latest_run,
            **LOOKING_BACK,
            **states.reading,
            "asset_events": _asset_events,
            "triggering_events": _triggering_events,
            "get_asset": _get_asset,
        }
        self._writing: dict[str, Verb] = {
            "set_xcom": self._set_xcom,
            "set_variable": self._set_variable,
            "delete_variable": self._delete_variable,
            "set_rendered": _set_rendered,
            "publish_artifact": self._publish_artifact,
            "trigger_dag": self._trigger_dag,
            "rerun_dag": self._rerun_dag,
            **states.writing,
        }

    def __call__(self, job: Job | None, verb: str, args: Data) -> Json:
        """Answer one request; `job` is None while a DAG file is imported, which may only read.

        Raises DirigentError leaves, which reach the code that asked.
        """
        if verb in self._parsing:
            with self._db.read() as session:
                return self._parsing[verb](session, args)
        if job is None:
            raise Conflict(f"{verb} is for running tasks; a DAG file that is being imported cannot do it.")
        if verb in self._reading:
            with self._db.read() as session:
                return self._reading[verb](session, job, args)
        if verb not in self._writing:
            raise Conflict(f"There is no request {verb!r}.")
        write = self._writing[verb]
        return self._db.transact(lambda session: write(session, job, args))

    def _get_variable(self, session: Session, args: Data) -> Json:
        return get_variable(session, self._cipher, args["key"])

    def _get_connection(self, session: Session, args: Data) -> Json:
        found = get_connection(session, self._cipher, args["conn_id"])
        return None if found is None else asdict(found)

    def _set_xcom(self, session: Session, job: Job, args: Data) -> None:
        live = require_live(session, job.attempt_id, job.epoch)
        if live.is_stopping:
            # Its task may have been cleared: the next attempt begins without values of this one.
            return
        row = XComRow(live.run_pk, job.task_id, job.path, args["key"], args["value"], args.get("shown"))
        put_xcoms(session, self._clock.now(), [row])

    def _set_variable(self, session: Session, job: Job, args: Data) -> None:
        require_live(session, job.attempt_id, job.epoch)
        put_variable(session, self._clock.now(), self._cipher, args["key"], args["value"])

    def _delete_variable(self, session: Session, job: Job, args: Data) -> None:
        require_live(session, job.attempt_id, job.epoch)
        delete_variable(session, args["key"])

    def _publish_artifact(self, session: Session, job: Job, args: Data) -> None:
        run_pk = require_live(session, job.attempt_id, job.epoch).run_pk
        document = Artifact(args["name"], args["media_type"], base64.b64decode(args["data"]))
        put_artifact(
            session, self._clock.now(), run_pk=run_pk, task_id=job.task_id, path=job.path, document=document
        )

    def _trigger_dag(self, session: Session, job: Job, args: Data) -> str:
        require_live(session, job.attempt_id, job.epoch)
        date: str | None = args["logical_date"]
        if args.get("refuses_paused") and get_dag(session, args["dag_id"]).is_paused:
            raise Conflict(
                f"DAG {args['dag_id']!r} is paused: resume it, or leave fail_when_dag_is_paused out."
            )
        return trigger_run(
            session,
            self._clock.now(),
            args["dag_id"],
            conf=args["conf"],
            logical_date=parse_instant(date) if date else None,
            run_id=args["run_id"],
            note=args.get("note", ""),
            idempotency_key=_key(job, args),
            actor=_actor(job),
            run_type=RunType.OPERATOR_TRIGGERED,
        ).run_id

    def _rerun_dag(self, session: Session, job: Job, args: Data) -> None:
        require_live(session, job.attempt_id, job.epoch)
        request = RerunRequest(dag_id=args["dag_id"], run_id=args["run_id"])
        rerun(session, self._clock.now(), request, actor=_actor(job))

    def _is_latest_run(self, session: Session, job: Job, args: Data) -> bool:
        run = get_run(session, job.run.dag_id, job.run.run_id)
        spec = load_graph(session, run.version_id)
        planned = planned_runs(session, spec.dag_id) if spec.schedule.kind == "own" else ()
        return is_latest(spec, job.run, self._clock.now(), planned)


def _key(job: Job, asked: Data) -> str:
    """Name a run that a try starts: where its attempt is lost after that, the next one is given the same run."""
    tried = (job.run.dag_id, job.run.run_id, job.task_id, job.path, job.try_number - job.excused)
    text = json.dumps([*tried, asked], sort_keys=True)
    return f"task-{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def _actor(job: Job) -> str:
    return f"task:{job.run.dag_id}.{job.task_id}"


def _get_xcom(session: Session, job: Job, args: Data) -> Json:
    dag_id, run_id = args["dag_id"] or job.run.dag_id, args["run_id"] or job.run.run_id
    run = find_run(session, dag_id, run_id)
    return None if run is None else get_xcom(session, run.id, args["task_id"], args["key"], path=args["path"])


def _get_xcom_length(session: Session, job: Job, args: Data) -> int:
    which = _handed(args)
    length = lengths(session, _run_of(session, job, args), [which]).get(which, "None")
    if isinstance(length, str):
        raise Conflict(f"Task {which.task.task_id} handed on {length}, which is neither a list nor a dict.")
    return length


def _get_xcom_item(session: Session, job: Job, args: Data) -> Json:
    return read_item(session, _run_of(session, job, args), _handed(args), args["index"])


def _get_xcoms(session: Session, job: Job, args: Data) -> Data:
    run_pk = _run_of(session, job, args)
    is_newest = args.get("is_newest", False)
    part = read_instances(session, run_pk, _handed(args), args["start"], args["limit"], is_newest=is_newest)
    return part._asdict()


def _handed(args: Data) -> Handed:
    return Handed(TaskKey(args["task_id"], args["path"]), args["key"])


def _run_of(session: Session, job: Job, args: Data) -> int:
    return get_run(session, job.run.dag_id, args.get("run_id") or job.run.run_id).id


def _run_state(session: Session, job: Job, args: Data) -> Json:
    run = find_run(session, args["dag_id"], args["run_id"])
    return None if run is None else str(run.state)


def _run_results(session: Session, job: Job, args: Data) -> Json:
    run = get_run(session, args["dag_id"], args["run_id"])
    return results_of(session, run, load_graph(session, run.version_id))


def _task_states(session: Session, job: Job, args: Data) -> Json:
    date: str | None = args["logical_date"]
    at = parse_instant(date) if date else None
    return states_of_tasks(session, args["dag_id"], args["task_ids"], run_id=args["run_id"], logical_date=at)


def _states_of_runs(session: Session, job: Job, args: Data) -> Json:
    return states_of_runs(session, args["dag_id"], parse_instant(args["logical_date"]))


def _tasks_of_dag(session: Session, job: Job, args: Data) -> Json:
    found = find_dag(session, args["dag_id"])
    return None if found is None else groups_by_task(load_graph(session, found.version_id))


def _last_scheduled(session: Session, args: Data) -> Json:
    last = last_scheduled(session, [args["dag_id"]]).get(args["dag_id"])
    if last is None:
        return None
    instants = {"run_at": last.run_at, "start": last.interval_start, "end": last.interval_end}
    return {name: instant.isoformat() for name, instant in instants.items()}


def _look_up(session: Session, args: Data) -> Json:
    asked = [
        Question(dag_id, run_id, parse_instant(date) if date else None, wants)
        for dag_id, run_id, date, wants in args["asked"]
    ]
    return [asdict(each) for each in states_of(session, asked)]


def _asset_events(session: Session, job: Job, args: Data) -> Json:
    moments = {name: args.get(name) for name in ("after", "before")}
    found = list_events(
        session,
        Mark(args["kind"], args["value"]),
        **{name: parse_instant(text) if text else None for name, text in moments.items()},
        ascending=args.get("ascending", True),
        limit=args.get("limit"),
    )
    return [told(each) for each in found]


def _get_asset(session: Session, job: Job, args: Data) -> Json:
    return asdict(get_asset(session, args["name"]))


def _triggering_events(session: Session, job: Job, args: Data) -> Json:
    return [
        told(each) for each in events_of_run(session, get_run(session, job.run.dag_id, job.run.run_id).id)
    ]


def _set_rendered(session: Session, job: Job, args: Data) -> None:
    set_rendered(session, job.attempt_id, job.epoch, args["fields"])
