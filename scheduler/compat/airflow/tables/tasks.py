"""Operators, sensors, decorators, hooks and triggers of Airflow's core, up to 2.x."""

from typing import Final

from scheduler.compat.airflow.tables.providers import PROVIDERS

_PYTHON: Final = """
    scheduler.operators.python: PythonOperator BranchPythonOperator ShortCircuitOperator;
    scheduler.sdk.context: get_current_context;
    scheduler.operators.interpreters: PythonVirtualenvOperator ExternalPythonOperator
        BranchPythonVirtualenvOperator BranchExternalPythonOperator
"""
_BASH: Final = "scheduler.operators.bash: BashOperator"
_EMPTY: Final = "scheduler.operators.empty: EmptyOperator DummyOperator=EmptyOperator"
_BRANCH: Final = (
    "scheduler.operators.branching: BaseBranchOperator; scheduler.compat.airflow.skipping: BranchMixIn"
)
_DATETIME: Final = "scheduler.operators.branching: BranchDateTimeOperator"
_WEEKDAY: Final = "scheduler.operators.branching: BranchDayOfWeekOperator"
_LATEST_ONLY: Final = "scheduler.operators.branching: LatestOnlyOperator"
_TRIGGER_DAGRUN: Final = """
    scheduler.operators.trigger_dagrun: TriggerDagRunOperator;
    ?links of operators: TriggerDagRunLink
"""
_EXTERNAL_TASK: Final = """
    scheduler.sensors.external_task: ExternalTaskSensor;
    scheduler.compat.airflow.old_operators: ExternalTaskMarker;
    ?links of operators: ExternalTaskSensorLink ExternalDagLink
"""
_SENSOR: Final = """
    scheduler.sdk.sensor: BaseSensorOperator PokeReturnValue;
    scheduler.compat.airflow.sensors: poke_mode_only
"""
_DATE_TIME_SENSOR: Final = (
    "scheduler.sensors.date_time: DateTimeSensor; scheduler.compat.airflow.sensors: DateTimeSensorAsync"
)
_TIME_SENSOR: Final = (
    "scheduler.sensors.date_time: TimeSensor; scheduler.compat.airflow.sensors: TimeSensorAsync"
)
_TIME_DELTA: Final = """
    scheduler.sensors.date_time: TimeDeltaSensor WaitSensor=TimeDeltaSensor;
    scheduler.compat.airflow.sensors: TimeDeltaSensorAsync
"""
_FILE_SENSOR: Final = "scheduler.sensors.filesystem: FileSensor"
_TASKFLOW: Final = """
    scheduler.compat.airflow.decorators: task;
    scheduler.sdk.dag: dag;
    scheduler.sdk.group: task_group;
    scheduler.operators.setup_teardown: setup teardown
"""
_FILE_TRIGGER: Final = """
    scheduler.triggers.file: FileTrigger FileDeleteTrigger DirectoryFileDeleteTrigger
"""
_EXTERNAL_TRIGGER: Final = (
    "scheduler.triggers.external_task: DagStateTrigger WorkflowTrigger ExternalTaskTrigger"
)
_HOOK: Final = "scheduler.compat.airflow.hooks: BaseHook DiscoverableHook"

TASKS: Final = {
    "airflow.operators.python": _PYTHON,
    "airflow.operators.bash": _BASH,
    "airflow.operators.empty": _EMPTY,
    "airflow.operators.branch": _BRANCH,
    "airflow.operators.datetime": _DATETIME,
    "airflow.operators.weekday": _WEEKDAY,
    "airflow.operators.latest_only": _LATEST_ONLY,
    "airflow.operators.trigger_dagrun": _TRIGGER_DAGRUN,
    "airflow.operators.smooth": "scheduler.operators.empty: SmoothOperator=EmptyOperator",
    "airflow.operators.email": "scheduler.operators.email: EmailOperator",
    "airflow.operators.sql": PROVIDERS["airflow.providers.common.sql.operators.sql"],
    "airflow.operators.generic_transfer": "?transfers between databases: GenericTransfer",
    "airflow.sensors.base": _SENSOR,
    "airflow.sensors.python": "scheduler.sensors.python: PythonSensor",
    "airflow.sensors.bash": "scheduler.sensors.bash: BashSensor",
    "airflow.sensors.date_time": _DATE_TIME_SENSOR,
    "airflow.sensors.time_sensor": _TIME_SENSOR,
    "airflow.sensors.time_delta": _TIME_DELTA,
    "airflow.sensors.weekday": "scheduler.sensors.date_time: DayOfWeekSensor",
    "airflow.sensors.filesystem": _FILE_SENSOR,
    "airflow.sensors.external_task": _EXTERNAL_TASK,
    "airflow.sensors.sql": "scheduler.sensors.sql: SqlSensor",
    "airflow.decorators": _TASKFLOW,
    "airflow.decorators.base": "scheduler.compat.airflow.decorators: DecoratedOperator task_decorator_factory "
    "TaskDecorator TaskDecoratorCollection=AirflowTask get_unique_task_id; "
    "scheduler.sdk.mapping: DecoratedMappedOperator=MappedOperator",
    "airflow.hooks.base": _HOOK,
    "airflow.hooks.filesystem": "scheduler.hooks.filesystem: FSHook",
    "airflow.hooks.subprocess": "scheduler.compat.airflow.subprocesses: SubprocessHook SubprocessResult",
    "airflow.hooks.dbapi": "scheduler.hooks.sql: DbApiHook=SqlHook",
    "airflow.triggers.base": "scheduler.sdk.deferral: BaseTrigger TriggerEvent TaskSuccessEvent "
    "TaskFailedEvent TaskSkippedEvent BaseTaskEndEvent StartTriggerArgs BaseEventTrigger",
    "airflow.triggers.temporal": "scheduler.triggers.temporal: DateTimeTrigger TimeDeltaTrigger",
    "airflow.triggers.file": _FILE_TRIGGER,
    "airflow.triggers.external_task": _EXTERNAL_TRIGGER,
    "airflow.providers.standard.operators.python": _PYTHON,
    "airflow.providers.standard.operators.bash": _BASH,
    "airflow.providers.standard.operators.empty": _EMPTY,
    "airflow.providers.standard.operators.branch": _BRANCH,
    "airflow.providers.standard.operators.datetime": _DATETIME,
    "airflow.providers.standard.operators.weekday": _WEEKDAY,
    "airflow.providers.standard.operators.latest_only": _LATEST_ONLY,
    "airflow.providers.standard.operators.trigger_dagrun": _TRIGGER_DAGRUN,
    "airflow.providers.standard.operators.smooth": "scheduler.operators.empty: SmoothOperator=EmptyOperator",
    "airflow.providers.standard.operators.hitl": "scheduler.operators.people: HITLOperator ApprovalOperator "
    "HITLBranchOperator HITLEntryOperator",
    "airflow.providers.standard.exceptions": "scheduler.operators.people: HITLRejectException HITLTimeoutError "
    "HITLTriggerEventError",
    "airflow.providers.standard.sensors.python": "scheduler.sensors.python: PythonSensor",
    "airflow.providers.standard.sensors.bash": "scheduler.sensors.bash: BashSensor",
    "airflow.providers.standard.sensors.date_time": _DATE_TIME_SENSOR,
    "airflow.providers.standard.sensors.time": _TIME_SENSOR,
    "airflow.providers.standard.sensors.time_delta": _TIME_DELTA,
    "airflow.providers.standard.sensors.weekday": "scheduler.sensors.date_time: DayOfWeekSensor",
    "airflow.providers.standard.sensors.filesystem": _FILE_SENSOR,
    "airflow.providers.standard.sensors.external_task": _EXTERNAL_TASK,
    "airflow.providers.standard.decorators.python": "scheduler.operators.taskflow: python_task=task",
    "airflow.providers.standard.hooks.filesystem": "scheduler.hooks.filesystem: FSHook",
    "airflow.providers.standard.hooks.subprocess": "scheduler.compat.airflow.subprocesses: SubprocessHook "
    "SubprocessResult",
    "airflow.providers.standard.hooks.package_index": "?hooks for package indexes: PackageIndexHook",
    "airflow.providers.standard.triggers.temporal": "scheduler.triggers.temporal: DateTimeTrigger TimeDeltaTrigger",
    "airflow.providers.standard.triggers.file": _FILE_TRIGGER,
    "airflow.providers.standard.triggers.external_task": _EXTERNAL_TRIGGER,
    "airflow.providers.standard.triggers.hitl": "?triggers of questions (they need none here): HITLTrigger",
    "airflow.providers.standard.utils.weekday": "scheduler.sdk.weekday: WeekDay",
    "airflow.providers.standard.utils.skipmixin": "scheduler.compat.airflow.skipping: SkipMixin",
    "airflow.providers.standard.utils.python_virtualenv": "scheduler.compat.airflow.python_scripts: "
    "write_python_script",
    "airflow.providers.standard.version_compat": "scheduler.compat.airflow.version: AIRFLOW_V_3_0_PLUS "
    "AIRFLOW_V_3_1_PLUS AIRFLOW_V_3_2_PLUS; scheduler.sdk.operator: BaseOperator",
}
