"""The messages between supervisor and child: what a child is asked to do, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from scheduler.wire.data import Data, known
from scheduler.wire.graph import DagSpec, Isolation, dag_from_data, isolation_from_data


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """The run that an attempt belongs to, as its templates and its code see it."""

    dag_id: str
    run_id: str
    run_type: str
    logical_date: str | None
    data_interval_start: str | None
    data_interval_end: str | None
    run_after: str
    start_date: str | None = None
    queued_at: str | None = None
    conf: Data = field(default_factory=dict)
    params: Data = field(default_factory=dict)  #: declared defaults overlaid with conf, validated
    triggered_by: str = ""
    state: str = "running"
    partition_key: str | None = None
    partition_date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt that a child is to run."""

    attempt_id: int
    epoch: int
    kind: Literal["task", "dag_callback", "task_callback"]
    code_root: str  #: folder that holds the snapshot of the DAG folder
    file: str  #: the DAG file, relative to code_root
    run: RunInfo
    task_id: str = ""  #: empty for a DAG callback
    path: str = ""
    try_number: int = 1
    max_tries: int = (
        1  #: the last try_number that will be made: try_number == max_tries means no retry follows
    )
    excused: int = 0  #: attempts before this one that were no tries: lost, stopped, or put off
    queued_at: str | None = None
    waiting_since: str | None = None  #: when it first looked, in this try, if it was put off since
    callback: str = ""  #: success | failure, for the callback kinds
    reason: str = ""  #: why the run or task failed, for the callback kinds
    execution_timeout_s: float | None = None
    xcoms: Data = field(
        default_factory=dict
    )  #: return values of direct upstream tasks, by task_id, where at hand
    env: dict[str, str] = field(default_factory=dict)
    isolation: Isolation | None = None  #: what the task asks for
    secret_params: tuple[str, ...] = ()  #: params whose schemas say that nobody is to see their values
    choice_params: tuple[str, ...] = ()  #: params whose schemas say what they can be: no secrets
    #: How the wait ended that the task goes on after: `runtime.waits.Waited`, and the method that it named.
    resume: Data | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorInfo:
    """An error of user code."""

    type: str
    message: str
    traceback: str = ""
    line: str = ""  #: one line for lists, such as "KeyError: 'currency' (dags/orders.py:57 in prices)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """What a task waits for, and how it goes on. Values are written down as XCom is."""

    trigger: str  #: path of its class
    kwargs: Data = field(default_factory=dict)
    method: str
    next_kwargs: Data = field(default_factory=dict)
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a task asks a person, and how it goes on with the answer."""

    subject: str
    body: str | None = None  #: Markdown
    options: tuple[str, ...]
    defaults: tuple[str, ...] | None = (
        None  #: chosen where nobody answers in time; without them the task fails then
    )
    multiple: bool = False  #: whether more than one option may be chosen
    #: By name `schema`, `description` and `value`, which is absent where it must be given.
    params: Data = field(default_factory=dict)
    assigned_users: tuple[Data, ...] = ()  #: `id` and `name` of those who may answer; none: everybody
    method: str
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeantQuestion:
    """Options and params of a question as its task knows them, and the secrets that stand in them."""

    options: tuple[str, ...]
    params: Data
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended: sent by the child, or made by the supervisor where the child could not."""

    attempt_id: int
    epoch: int
    #: `lost` is for the supervisor to say: the processes above it died, which is not its fault.
    state: Literal[
        "success", "failed", "skipped", "reschedule", "deferred", "awaiting_input", "cancelled", "lost"
    ]
    retryable: bool = True  #: false: AirflowFailException and the like
    error: ErrorInfo | None = None
    reason: str = ""  #: in words: "killed by SIGKILL", "used 512 MB of 512 MB", "ran longer than 60 s"
    reschedule_at: str | None = None
    retry_delay_s: float | None = None  #: of a failure, where a retry policy chose it
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    started_at: str | None = None  #: the instant at which user code began, by the worker's clock
    ended_at: str | None = None
    xcoms: Data = field(default_factory=dict)  #: key -> value, written with the outcome in one transaction
    #: key -> how people see a value that has a secret in it; the supervisor's to say.
    shown_xcoms: dict[str, str] = field(default_factory=dict)
    skip_tasks: tuple[str, ...] = ()  #: task ids that a branch decided to skip
    rendered_map_index: str | None = None  #: what an instance of a mapped task is called
    #: Template fields as they were rendered, masked, where they were not written while it ran; the supervisor's to say.
    rendered: Data | None = None
    deferral: Deferral | None = None  #: of a state that is `deferred`
    question: Question | None = None  #: of a state that is `awaiting_input`; as people see it
    #: What the task knows the answer to its question by, where people see it masked; the supervisor's to say.
    meant: MeantQuestion | None = None
    #: Of what it waits for or goes on with, what it was given as secret: its trigger and its next attempt hide that,
    #: too. The supervisor's to say.
    secrets: tuple[str, ...] = ()
    #: What it says of the assets that it changed (`core.assets.changes_of`).
    assets: tuple[Data, ...] | None = None
    deadline_at: str | None = (
        None  #: of a callback that asks a reference of deadlines: what it said, "" for none
    )
    is_again: bool = False  #: of a looped task that succeeded: another iteration follows


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A run that a timetable of the author's own asks for; `start` of its interval is its logical date."""

    run_after: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The runs of a DAG that come next, by a timetable of the author's own, or why it cannot be asked."""

    dag_id: str
    runs: tuple[PlannedRun, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """What a parser child answers for one file."""

    file: str
    dags: tuple[DagSpec, ...] = ()
    plans: tuple[Plan, ...] = ()  #: of those DAGs whose timetable is the author's own
    error: ErrorInfo | None = None  #: import error; `dags` is empty then
    error_lineno: int | None = None
    modules: tuple[str, ...] = ()  #: files below the DAG folder that the import loaded, relative
    #: other files below the DAG folder that the import opened, relative; "sub/" is a folder whose names it
    #: listed
    opened: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()  #: variables (and connections as "conn:ID") that the import read
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    stdout: str = ""  #: what the file printed, bounded


def job_from_data(item: Data) -> Job:
    """Read a job from what its JSON holds."""
    data = known(Job, item)
    data["run"] = RunInfo(**known(RunInfo, data["run"]))
    data["isolation"] = isolation_from_data(data.get("isolation"))
    data |= {name: tuple(data.get(name, ())) for name in ("secret_params", "choice_params")}
    return Job(**data)


def outcome_from_data(item: Data) -> Outcome:
    """Read an outcome from what its JSON holds."""
    data = known(Outcome, item)
    data["error"] = error_from_data(data["error"]) if data.get("error") else None
    data["skip_tasks"] = tuple(data.get("skip_tasks", ()))
    # What is secret in it, is not for a child to say.
    data |= {"meant": None, "secrets": ()}
    data["deferral"] = Deferral(**known(Deferral, data["deferral"])) if data.get("deferral") else None
    data["assets"] = tuple(data["assets"]) if data.get("assets") else None
    data["question"] = _question(data["question"]) if data.get("question") else None
    if (data["state"] == "awaiting_input") != (data["question"] is not None):
        raise ValueError("an outcome that awaits input says what it asks, and no other one does")
    if (data["state"] == "deferred") != (data["deferral"] is not None):
        raise ValueError("a deferred outcome says what it waits for, and no other one does")
    return Outcome(**data)


def _question(item: Data) -> Question:
    data = known(Question, item)
    for name in ("options", "defaults", "assigned_users"):
        if data.get(name) is not None:
            data[name] = tuple(data[name])
    return Question(**data)


def parsed_from_data(item: Data) -> ParsedFile:
    """Read a parsed file from what its JSON holds."""
    data = known(ParsedFile, item)
    data["dags"] = tuple(dag_from_data(dag) for dag in data.get("dags", ()))
    data["error"] = error_from_data(data["error"]) if data.get("error") else None
    data["plans"] = tuple(_plan(plan) for plan in data.get("plans", ()))
    for name in ("modules", "opened", "variables", "warnings"):
        data[name] = tuple(data.get(name, ()))
    return ParsedFile(**data)


def _plan(item: Data) -> Plan:
    data = known(Plan, item)
    data["runs"] = tuple(PlannedRun(**known(PlannedRun, run)) for run in data.get("runs", ()))
    return Plan(**data)


def error_from_data(item: Data) -> ErrorInfo:
    """Read an error from what its JSON holds."""
    return ErrorInfo(**known(ErrorInfo, item))
