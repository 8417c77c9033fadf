"""The serialized graph of a DAG: what its file declares, as the database keeps it and servers plan by.

A graph is written in the oldest form that can hold it (`form_of`). A form is new when a reader of the one before could
not read it, or would pass over what matters; a field that it may pass over, with a default, makes none.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from scheduler.errors import NewerForm
from scheduler.wire.data import Data, Json, known, names_of

#: The newest form of a graph that this program reads. 2: tasks may ask for a process of their own kind. 3: tasks may
#: be setups and teardowns. 4: tasks and groups may be mapped. 5: schedules of several crons, of listed instants, of
#: timetables of the author's own, and with intervals before the instant; deadlines. 6: tasks may make assets, and runs
#: may begin when these change. 7: tasks may be looped. 8: tasks may ask people. 9: runs may make partitions.
#: 10: tasks may check assets. 11: deadlines may be counted from references of the author's own.
WIRE_VERSION: Final = 11
#: How many instances a mapped task may have side by side: each is a row that is made in one transaction.
MOST_INSTANCES: Final = 100_000

#: Fields that a graph which does not need them is written without.
_LATER: Final = (
    *("isolation", "role", "mapping", "returns_dag_result", "multiple_outputs", "loop", "asks"),
    *("interval_s", "late", "crons", "events", "said", "own", "meaning", "deadlines"),
    *("inlets", "outlets", "assets", "partitions", "check"),
)


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

    @property
    def is_choice(self) -> bool:
        """Whether its author says what it can be: then it is no secret, whatever it is called."""
        return "enum" in self.schema

    @property
    def is_declared_secret(self) -> bool:
        """Whether its schema says that nobody is to see its value."""
        branches = [each for key in ("anyOf", "oneOf") for each in self.schema.get(key) or ()]
        return any(
            isinstance(each, dict) and (each.get("format") == "password" or each.get("writeOnly") is True)
            for each in (self.schema, *branches)
        )


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
    multiple_outputs: bool | None = None  #: each key of what it returns is handed on under its name too
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
        11: any(each.get("reference") == "own" for each in deadlines or ()),
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
    data = {name: getattr(item, name) for name in names_of(item.__class__)}
    for name in _LATER:
        # A graph that does not need what came later keeps its text, and so the name of its version.
        if data.get(name, item) is None:
            del data[name]
    return data


def dag_from_json(text: str) -> DagSpec:
    """Decode a graph. Fields that this program does not know are ignored (an older reader, a newer writer).

    Raises NewerForm.
    """
    return dag_from_data(json.loads(text))


def dag_from_data(item: Data) -> DagSpec:
    """Read a graph from what its JSON holds. Raises NewerForm."""
    if (form := item.get("wire_version", 1)) > WIRE_VERSION:
        raise NewerForm(f"The graph of DAG {item.get('dag_id')!r}", form, WIRE_VERSION)
    data = known(DagSpec, item)
    data["schedule"] = _schedule(data["schedule"])
    data["params"] = tuple(ParamSpec(**known(ParamSpec, item)) for item in data["params"])
    data["groups"] = tuple(_group(item) for item in data["groups"])
    data["tasks"] = tuple(_task(item) for item in data["tasks"])
    data["tags"] = tuple(data["tags"])
    data["alerts"] = tuple(data.get("alerts", ()))
    data["deadlines"] = tuple(data["deadlines"]) if data.get("deadlines") else None
    return DagSpec(**data)


def _schedule(item: Data) -> ScheduleSpec:
    data = known(ScheduleSpec, item)
    for name in ("crons", "events"):
        data[name] = None if data.get(name) is None else tuple(data[name])
    return ScheduleSpec(**data)


def _task(item: Data) -> TaskSpec:
    data = known(TaskSpec, item)
    data["upstream"] = tuple(data.get("upstream", ()))
    data["template_fields"] = tuple(data.get("template_fields", ()))
    data["isolation"] = isolation_from_data(data.get("isolation"))
    data["mapping"] = _mapping(data.get("mapping"))
    for name in ("inlets", "outlets"):
        data[name] = tuple(data[name]) if data.get(name) else None
    if data.get("loop"):
        data["loop"] = LoopSpec(**known(LoopSpec, data["loop"]))
    return TaskSpec(**data)


def _group(item: Data) -> GroupSpec:
    data = known(GroupSpec, item)
    data["mapping"] = _mapping(data.get("mapping"))
    return GroupSpec(**data)


def _mapping(item: Data | None) -> MapSpec | None:
    if item is None:
        return None
    return MapSpec(arguments=tuple(item["arguments"]), factors=tuple(item["factors"]))


def isolation_from_data(item: Data | None) -> Isolation | None:
    """Read what a task asks for from what its JSON holds."""
    return None if item is None else Isolation(**known(Isolation, item))
