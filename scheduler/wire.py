"""What crosses process borders: the serialized graph, and the messages between supervisor and child. Plain data only.

Everything here is JSON when encoded: instants are ISO 8601 strings in UTC, durations are seconds, tuples are
arrays. A graph is written in the oldest form that can hold it (`form_of`). A form is new when a reader of the one
before could not read it, or would pass over what matters; a field that it may pass over, with a default, makes none.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Final, Literal

from scheduler.errors import NewerForm

#: The newest form of a graph that this program reads. 2: tasks may ask for a process of their own kind. 3: tasks may
#: be setups and teardowns. 4: tasks and groups may be mapped. 5: schedules of several crons, of listed instants, of
#: timetables of the author's own, and with intervals before the instant; deadlines. 6: tasks may make assets, and runs
#: may begin when these change. 7: tasks may be looped. 8: tasks may ask people. 9: runs may make partitions.
#: 10: tasks may check assets.
WIRE_VERSION: Final = 10
#: How large one XCom may be as JSON without blanks, in bytes.
XCOM_LIMIT_BYTES: Final = 48_000_000

#: How many instances a mapped task may have side by side: each is a row that is made in one transaction.
MOST_INSTANCES: Final = 100_000
#: What stands for the retention of a state that is kept as long as its run.
STATE_NEVER_EXPIRES: Final = "never"
#: The key by which a value between tasks that is more than JSON says what it is (`sdk.xcom`).
TAG: Final = "__type__"

#: Fields that a graph which does not need them is written without.
_LATER: Final = (
    *("isolation", "role", "mapping", "returns_dag_result", "loop", "asks"),
    *("interval_s", "late", "crons", "events", "said", "own", "meaning", "deadlines"),
    *("inlets", "outlets", "assets", "partitions", "check"),
)

#: A value that JSON can hold.
Json = Any
Data = dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """When runs of a DAG are created.

    kind `none`: by hand only. `once`: at start_date (or at once). `continuous`: as soon as the last run ended.
    `cron`: at each instant of `cron`; the logical date is that instant, the interval is empty (as in Airflow 3).
    `cron_interval`: at the end of each interval between two instants of `cron`; the logical date is its start.
    `delta`: every `delta_s` seconds counted from start_date; logical date = the instant.
    `delta_interval`: the same with data intervals; logical date = the start of the interval.
    `crons`: at each instant of any of `crons`. `events`: at each of `events`. `own`: as the author's timetable says,
    which a child is asked; servers know the runs that it planned ahead.
    """

    kind: Literal[
        "none",
        "once",
        "continuous",
        "cron",
        "cron_interval",
        "delta",
        "delta_interval",
        "crons",
        "events",
        "own",
    ] = "none"
    cron: str | None = None  #: 5 or 6 fields (seconds last, as croniter reads them), or @daily and the like
    delta_s: float | None = None
    #: Of a kind with instants: the interval that ends there; its start is the logical date then.
    interval_s: float | None = None
    #: Without a start_date: how many seconds ago the newest instant may be to count for a new DAG; None: not at all.
    late: float | Literal["tenth"] | None = None
    crons: tuple[str, ...] | None = None
    events: tuple[str, ...] | None = None  #: instants, rising
    said: str | None = None  #: the author's words for it
    own: Data | None = None  #: `class` of the timetable, and `data`, what it serializes itself to
    #: Besides: whenever this expression over assets is met (`core.assets`).
    assets: Data | None = None
    #: Of a schedule that may be meant as Airflow 3's or 2's: which it is, or that nobody has said. See `core.meanings`.
    meaning: Literal["unsure", "trigger", "interval"] | None = None
    #: Each run makes a part: of `cron` by its instant, of assets by what the mappers make of the keys that come
    #: (`core.partitions`).
    partitions: Data | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamSpec:
    """One typed param: a JSON schema and its default. `has_default` false means that a trigger must give it."""

    name: str
    schema: Data = field(default_factory=dict)
    default: Json = None
    has_default: bool = True
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """How a task's process is kept apart, and what it may take; None leaves it to the worker."""

    mode: Literal["fork", "fresh"] | None = None
    python: str | None = None  #: path of another interpreter, which is always a fresh one
    run_as_user: str | None = None
    memory_bytes: int | None = None
    cpus: float | None = None  #: cores
    cpu_s: float | None = None  #: CPU seconds of one attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSpec:
    """What a task or group is mapped over: it has as many instances as the product of its factors is.

    A factor is a number; `{"task": id, "key": key}`, the length of what that task handed on; or of other factors
    `{"zip": [...], "longest": bool}` (the shortest or longest of them) and `{"concat": [...]}` (their sum).
    """

    arguments: tuple[str, ...] = ()  #: names, one a factor; none where each item holds them all
    factors: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSpec:
    """How often a task is done again, at most; whether it is, its own process says after each iteration."""

    max_iterations: int
    on_exhausted: Literal["fail", "skip", "succeed"] = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One task of the graph: what the planner, the dispatcher and the page need to know about it."""

    task_id: str  #: full id, with the ids of its groups joined by '.'
    operator: str  #: class name, for the page
    upstream: tuple[str, ...] = ()  #: full ids of direct upstream tasks, sorted
    upstream_labels: dict[str, str] = field(default_factory=dict)  #: words on the arrow from an upstream task
    group_id: str | None = None  #: innermost task group
    label: str = ""  #: name on the page; the task_id without its groups unless the author gives one
    trigger_rule: str = "all_success"
    retries: int = 0
    retry_delay_s: float = 300.0
    retry_backoff: float = 0.0  #: factor from try to try; 0 = constant delay, 2.0 = doubling
    max_retry_delay_s: float | None = None
    retry_jitter: float = 0.0  #: up to this fraction of the delay is added at random, 0..1
    execution_timeout_s: float | None = None
    pool: str = "default_pool"
    pool_slots: int = 1
    queue: str = "default"
    priority_weight: int = 1
    weight_rule: str = "downstream"  #: downstream | upstream | absolute
    depends_on_past: bool = False
    wait_for_downstream: bool = False
    max_active_tis_per_dag: int | None = None
    max_active_tis_per_dagrun: int | None = None
    owner: str = ""
    doc_md: str | None = None
    template_fields: tuple[str, ...] = ()
    source: str | None = None  #: source text of the function or the command, for the page; bounded to 20 kB
    has_failure_callback: bool = False  #: called for a lost or killed attempt too
    isolation: Isolation | None = None  #: None: the task asks for nothing of its own
    #: A setup makes what others need, a teardown takes it away; only a deciding one decides how its run ends.
    role: Literal["setup", "teardown", "deciding teardown"] | None = None
    asks: bool | None = None  #: it may wait for an answer of a person
    mapping: MapSpec | None = None  #: None: one instance, or one in each instance of its group
    returns_dag_result: bool | None = None  #: what it returns is what the run returns
    loop: LoopSpec | None = None  #: None: it is done once
    inlets: tuple[Data, ...] | None = None  #: what it reads: assets, aliases and references (`core.assets`)
    outlets: tuple[Data, ...] | None = None  #: what changes when it succeeds
    check: Data | None = None  #: `of` which asset it is a check, and whether `blocking`


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """A task group: a box around tasks on the page."""

    group_id: str  #: full id
    parent_id: str | None = None
    label: str = ""
    tooltip: str = ""
    mapping: MapSpec | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DagSpec:
    """The serialized graph of one DAG, as a version stores it."""

    dag_id: str
    file: str  #: path below the DAG folder, '/' separated
    schedule: ScheduleSpec = field(default_factory=ScheduleSpec)
    timezone: str = "UTC"
    start_date: str | None = None
    end_date: str | None = None
    catchup: bool = False
    max_active_runs: int = 16
    max_active_tasks: int = 16  #: of one run
    dagrun_timeout_s: float | None = None
    max_consecutive_failed_dag_runs: int = 0  #: 0 = never pause by itself
    is_paused_upon_creation: bool | None = None  #: None = the setting decides
    fail_fast: bool = False
    display_name: str = ""
    description: str = ""
    doc_md: str | None = None
    owner: str = ""
    tags: tuple[str, ...] = ()
    params: tuple[ParamSpec, ...] = ()
    tasks: tuple[TaskSpec, ...] = ()
    groups: tuple[GroupSpec, ...] = ()
    has_success_callback: bool = False  #: DAG level: run as attempts of kind `dag_callback`
    has_failure_callback: bool = False
    alerts: tuple[Data, ...] = ()  #: rules that the file declares, as `alert_rules.read_rule` takes them
    deadlines: tuple[Data, ...] | None = (
        None  #: by when runs are to have succeeded, as `core.deadlines` takes them
    )
    compat: str | None = None  #: "airflow" when the file imports it
    code_hash: str = ""  #: hash of the file and of the modules below the DAG folder that its import loaded
    wire_version: int = 1  #: the form that it is written in


def form_of(
    tasks: Collection[TaskSpec],
    groups: Iterable[GroupSpec] = (),
    schedule: ScheduleSpec | None = None,
    deadlines: Collection[Data] | None = None,
) -> int:
    """Return the oldest form that can hold these: release by release, older programs go on with what they can."""
    asked = {
        10: any(each.check for each in tasks),
        9: bool(schedule and schedule.partitions),
        8: any(each.asks for each in tasks),
        7: any(each.loop for each in tasks),
        6: bool(schedule and schedule.assets) or any(each.outlets for each in tasks),
        5: bool(deadlines) or (schedule is not None and _is_later(schedule)),
        4: any(each.mapping for each in tasks) or any(each.mapping for each in groups),
        3: any(each.role for each in tasks),
        2: any(each.isolation is not None for each in tasks),
    }
    return next((form for form, is_asked in asked.items() if is_asked), 1)


def _is_later(schedule: ScheduleSpec) -> bool:
    is_newer_kind = schedule.kind in ("crons", "events", "own")
    return is_newer_kind or schedule.interval_s is not None or schedule.late is not None


def dag_to_json(spec: DagSpec) -> str:
    """Encode a graph; the same graph always gives the same text."""
    return json.dumps(spec, default=_shallow, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _shallow(item: Json) -> Data:
    """Give the encoder one level: `asdict` copies deeply, which takes ten times as long."""
    data = {name: getattr(item, name) for name in _names(item.__class__)}
    for name in _LATER:
        # A graph that does not need what came later keeps its text, and so the name of its version.
        if data.get(name, item) is None:
            del data[name]
    return data


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def dag_from_json(text: str) -> DagSpec:
    """Decode a graph. Fields that this program does not know are ignored (an older reader, a newer writer).

    Raises NewerForm.
    """
    return dag_from_data(json.loads(text))


def dag_from_data(item: Data) -> DagSpec:
    """Read a graph from what its JSON holds. Raises NewerForm."""
    if (form := item.get("wire_version", 1)) > WIRE_VERSION:
        raise NewerForm(f"The graph of DAG {item.get('dag_id')!r}", form, WIRE_VERSION)
    data = _known(DagSpec, item)
    data["schedule"] = _schedule(data["schedule"])
    data["params"] = tuple(ParamSpec(**_known(ParamSpec, item)) for item in data["params"])
    data["groups"] = tuple(_group(item) for item in data["groups"])
    data["tasks"] = tuple(_task(item) for item in data["tasks"])
    data["tags"] = tuple(data["tags"])
    data["alerts"] = tuple(data.get("alerts", ()))
    data["deadlines"] = tuple(data["deadlines"]) if data.get("deadlines") else None
    return DagSpec(**data)


def _schedule(item: Data) -> ScheduleSpec:
    data = _known(ScheduleSpec, item)
    for name in ("crons", "events"):
        data[name] = None if data.get(name) is None else tuple(data[name])
    return ScheduleSpec(**data)


def _task(item: Data) -> TaskSpec:
    data = _known(TaskSpec, item)
    data["upstream"] = tuple(data.get("upstream", ()))
    data["template_fields"] = tuple(data.get("template_fields", ()))
    data["isolation"] = isolation_from_data(data.get("isolation"))
    data["mapping"] = _mapping(data.get("mapping"))
    for name in ("inlets", "outlets"):
        data[name] = tuple(data[name]) if data.get(name) else None
    if data.get("loop"):
        data["loop"] = LoopSpec(**_known(LoopSpec, data["loop"]))
    return TaskSpec(**data)


def _group(item: Data) -> GroupSpec:
    data = _known(GroupSpec, item)
    data["mapping"] = _mapping(data.get("mapping"))
    return GroupSpec(**data)


def _mapping(item: Data | None) -> MapSpec | None:
    if item is None:
        return None
    return MapSpec(arguments=tuple(item["arguments"]), factors=tuple(item["factors"]))


def isolation_from_data(item: Data | None) -> Isolation | None:
    """Read what a task asks for from what its JSON holds."""
    return None if item is None else Isolation(**_known(Isolation, item))


def _known(kind: type, data: Data) -> Data:
    return {key: data[key] for key in _names(kind) if key in data}


# --- What a child is asked to do, and what it answers -------------------------------------------------------


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
    skip_tasks: tuple[str, ...] = ()  #: task ids that a branch decided to skip
    rendered_map_index: str | None = None  #: what an instance of a mapped task is called
    #: Template fields as they were rendered, masked, where they were not written while it ran; the supervisor's to say.
    rendered: Data | None = None
    deferral: Deferral | None = None  #: of a state that is `deferred`
    question: Question | None = None  #: of a state that is `awaiting_input`
    #: What it says of the assets that it changed (`core.assets.changes_of`).
    assets: tuple[Data, ...] | None = None
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
    data = _known(Job, item)
    data["run"] = RunInfo(**_known(RunInfo, data["run"]))
    data["isolation"] = isolation_from_data(data.get("isolation"))
    return Job(**data)


def outcome_from_data(item: Data) -> Outcome:
    """Read an outcome from what its JSON holds."""
    data = _known(Outcome, item)
    data["error"] = error_from_data(data["error"]) if data.get("error") else None
    data["skip_tasks"] = tuple(data.get("skip_tasks", ()))
    data["deferral"] = Deferral(**_known(Deferral, data["deferral"])) if data.get("deferral") else None
    data["assets"] = tuple(data["assets"]) if data.get("assets") else None
    data["question"] = _question(data["question"]) if data.get("question") else None
    if (data["state"] == "awaiting_input") != (data["question"] is not None):
        raise ValueError("an outcome that awaits input says what it asks, and no other one does")
    if (data["state"] == "deferred") != (data["deferral"] is not None):
        raise ValueError("a deferred outcome says what it waits for, and no other one does")
    return Outcome(**data)


def _question(item: Data) -> Question:
    data = _known(Question, item)
    for name in ("options", "defaults", "assigned_users"):
        if data.get(name) is not None:
            data[name] = tuple(data[name])
    return Question(**data)


def parsed_from_data(item: Data) -> ParsedFile:
    """Read a parsed file from what its JSON holds."""
    data = _known(ParsedFile, item)
    data["dags"] = tuple(dag_from_data(dag) for dag in data.get("dags", ()))
    data["error"] = error_from_data(data["error"]) if data.get("error") else None
    data["plans"] = tuple(_plan(plan) for plan in data.get("plans", ()))
    for name in ("modules", "opened", "variables", "warnings"):
        data[name] = tuple(data.get(name, ()))
    return ParsedFile(**data)


def _plan(item: Data) -> Plan:
    data = _known(Plan, item)
    data["runs"] = tuple(PlannedRun(**_known(PlannedRun, run)) for run in data.get("runs", ()))
    return Plan(**data)


def error_from_data(item: Data) -> ErrorInfo:
    """Read an error from what its JSON holds."""
    return ErrorInfo(**_known(ErrorInfo, item))
