"""`airflow.sdk`, as of Airflow 3."""

from typing import Final

from scheduler.compat.airflow.tables.definitions import DEFINITIONS
from scheduler.compat.airflow.tables.models import MODELS
from scheduler.compat.airflow.tables.tasks import TASKS

_NAMES: Final = """
    scheduler.sdk.dag: DAG dag;
    scheduler.compat.airflow.decorators: task;
    scheduler.sdk.group: TaskGroup task_group;
    scheduler.sdk.operator: BaseOperator;
    scheduler.sdk.edges: Label EdgeModifier=Label chain chain_linear cross_downstream;
    scheduler.sdk.params: Param;
    scheduler.sdk.results: XComArg;
    scheduler.sdk.rules: TriggerRule WeightRule;
    scheduler.sdk.context: Context get_current_context;
    scheduler.sdk.variables: Variable;
    scheduler.sdk.macros: macros=.;
    scheduler.sdk.schedule: CronTriggerTimetable CronDataIntervalTimetable DeltaTriggerTimetable
        DeltaDataIntervalTimetable;
    scheduler.compat.airflow.models: BaseOperatorLink BaseXCom ParamsDict TaskInstance;
    scheduler.compat.airflow.connections: Connection;
    scheduler.compat.airflow.hooks: BaseHook;
    scheduler.sdk.notifiers: BaseNotifier;
    scheduler.compat.airflow.configuration: conf;
    scheduler.compat.airflow.contexts: get_parsing_context;
    scheduler.sdk.templates: literal=Literal;
    scheduler.compat.airflow.state: DagRunState TaskInstanceState;
    scheduler.compat.airflow.version: __version__;
    scheduler.sdk.assets: Asset AssetAlias AssetAll AssetAny AssetOrTimeSchedule Metadata;
    scheduler.operators.asset: asset;
    scheduler.sdk.partitions: AllowedKeyMapper
        ChainMapper CronPartitionTimetable DayWindow FanOutMapper FixedKeyMapper HourWindow IdentityMapper MinimumCount
        MonthWindow PartitionMapper PartitionedAssetTimetable PartitionedAtRuntime ProductMapper QuarterWindow
        RollupMapper SegmentWindow StartOfDayMapper StartOfHourMapper StartOfMonthMapper StartOfQuarterMapper
        StartOfWeekMapper StartOfYearMapper WaitForAll WeekWindow Window YearWindow;
    scheduler.compat.airflow.old_assets: AssetAccessControl;
    scheduler.sdk.assets: AssetWatcher;
    scheduler.sdk.sensor: BaseSensorOperator PokeReturnValue;
    scheduler.operators.branching: BaseBranchOperator;
    scheduler.compat.airflow.skipping: BranchMixIn;
    scheduler.compat.airflow.skipping: SkipMixin;
    scheduler.compat.airflow.asynchronous: BaseAsyncOperator;
    scheduler.sdk.deadlines: DeadlineAlert DeadlineReference AsyncCallback SyncCallback VariableInterval
        BaseDeadlineReference deadline_reference;
    scheduler.sdk.retry_policy: ExceptionRetryPolicy RetryAction RetryDecision RetryPolicy RetryRule;
    scheduler.sdk.state_store: NEVER_EXPIRE;
    scheduler.operators.resumable: ResumableJobMixin;
    scheduler.hooks.object_storage: ObjectStoragePath;
    scheduler.operators.setup_teardown: result setup teardown;
    scheduler.sdk.timetables: EventsTimetable MultipleCronTriggerTimetable;
    scheduler.compat.airflow.lineage: lineage=.
"""

_SECRETS: Final = "scheduler.compat.airflow.logs: redact; scheduler.sdk.hiding: mask_secret"

SDK: Final = {
    "airflow.sdk": _NAMES,
    "airflow.sdk.bases.operator": MODELS["airflow.models.baseoperator"]
    + "; scheduler.compat.airflow.asynchronous: BaseAsyncOperator",
    "airflow.sdk.bases.operatorlink": "scheduler.compat.airflow.models: BaseOperatorLink",
    "airflow.sdk.bases.hook": "scheduler.compat.airflow.hooks: BaseHook",
    "airflow.sdk.bases.notifier": "scheduler.sdk.notifiers: BaseNotifier",
    "airflow.sdk.bases.sensor": TASKS["airflow.sensors.base"],
    "airflow.sdk.bases.branch": TASKS["airflow.operators.branch"],
    "airflow.sdk.bases.resumablejobmixin": "scheduler.operators.resumable: ResumableJobMixin",
    "airflow.sdk.bases.skipmixin": "scheduler.compat.airflow.skipping: SkipMixin",
    "airflow.sdk.bases.xcom": "scheduler.compat.airflow.models: BaseXCom",
    "airflow.sdk.bases.decorator": "inspect: is_async_callable=iscoroutinefunction; "
    "scheduler.compat.airflow.decorators: DecoratedOperator task_decorator_factory TaskDecorator "
    "get_unique_task_id; scheduler.sdk.mapping: DecoratedMappedOperator=MappedOperator",
    "airflow.sdk.configuration": DEFINITIONS["airflow.configuration"],
    "airflow.sdk.definitions.asset": DEFINITIONS["airflow.assets"],
    "airflow.sdk.definitions.asset.metadata": "scheduler.sdk.assets: Metadata",
    "airflow.sdk.definitions.connection": "scheduler.compat.airflow.connections: Connection",
    "airflow.sdk.definitions.context": DEFINITIONS["airflow.utils.context"]
    + "; scheduler.sdk.context: get_current_context",
    "airflow.sdk.definitions.dag": "scheduler.sdk.dag: DAG dag",
    "airflow.sdk.definitions.decorators": "scheduler.compat.airflow.decorators: task; scheduler.sdk.group: task_group",
    "airflow.sdk.definitions.mappedoperator": "scheduler.sdk.mapping: MappedOperator OperatorPartial=Partial",
    "airflow.sdk.definitions.param": MODELS["airflow.models.param"],
    "airflow.sdk.definitions.retry_policy": "scheduler.sdk.retry_policy: ExceptionRetryPolicy RetryAction "
    "RetryDecision RetryPolicy RetryRule",
    "airflow.sdk.definitions.taskgroup": "scheduler.sdk.group: TaskGroup",
    "airflow.sdk.definitions.template": "scheduler.sdk.templates: literal=Literal",
    "airflow.sdk.definitions.variable": "scheduler.sdk.variables: Variable",
    "airflow.sdk.definitions.xcom_arg": "scheduler.sdk.results: XComArg PlainXComArg=XComArg",
    "airflow.sdk.exceptions": DEFINITIONS["airflow.exceptions"],
    "airflow.sdk.execution_time.context": "scheduler.compat.airflow.contexts: context_to_airflow_vars; "
    "scheduler.sdk.state_store: NEVER_EXPIRE; ?assets: AssetAliasEvent",
    "airflow.sdk.execution_time.hitl": "scheduler.operators.people: HITLUser",
    "airflow.sdk.execution_time.timeout": "scheduler.compat.airflow.limits: timeout",
    "airflow.sdk.execution_time.xcom": "scheduler.compat.airflow.models: XCom",
    "airflow.sdk.execution_time.task_runner": "scheduler.compat.airflow.models: RuntimeTaskInstance=TaskInstance",
    "airflow.sdk.execution_time.secrets_masker": _SECRETS,
    "airflow.sdk.io": "scheduler.hooks.object_storage: ObjectStoragePath; "
    "scheduler.hooks.object_stores: get_fs has_fs attach",
    "airflow.sdk.log": _SECRETS,
    "airflow.sdk.module_loading": DEFINITIONS["airflow.utils.module_loading"],
    "airflow.sdk.lineage": "scheduler.compat.airflow.lineage: get_hook_lineage_collector HookLineageCollector "
    "NoOpCollector; ?lineage: HookLineage HookLineageReader LineageContext",
    "airflow.sdk.definitions._internal.types": "scheduler.compat.airflow.state: NOTSET SET_DURING_EXECUTION ArgNotSet",
    "airflow.sdk.observability.stats": "scheduler.compat.airflow.plugins: Stats",
    "airflow.sdk.plugins_manager": "scheduler.compat.airflow.plugins: AirflowPlugin",
    "airflow.sdk.timezone": "scheduler.compat.airflow.timezone: *",
    "airflow.sdk.types": "scheduler.sdk.instance: RuntimeTaskInstanceProtocol=TaskInstance DagRunProtocol=DagRun; "
    "scheduler.sdk.operator: Operator=BaseOperator; scheduler.compat.airflow.models: TaskInstanceKey",
    "airflow.providers.common.compat.sdk": _NAMES
    + "; scheduler.compat.airflow.models: XCom TaskInstanceKey; "
    + _SECRETS
    + "; "
    "scheduler.compat.airflow.plugins: AirflowPlugin Stats; scheduler.plugins: hookimpl; "
    "scheduler.compat.airflow.contexts: context_merge context_to_airflow_vars determine_kwargs KeywordParameters; "
    "scheduler.compat.airflow.limits: timeout; scheduler.compat.airflow.timezone: timezone=.; "
    "scheduler.compat.airflow.lineage: get_hook_lineage_collector HookLineageCollector; "
    "scheduler.compat.airflow.version: AIRFLOW_V_3_0_PLUS AIRFLOW_V_3_1_PLUS; "
    "scheduler.sdk.results: XCOM_RETURN_KEY=RETURN_KEY; "
    "scheduler.compat.airflow.decorators: DecoratedOperator task_decorator_factory TaskDecorator "
    "get_unique_task_id; "
    "scheduler.sdk.mapping: MappedOperator; scheduler.compat.airflow.sensors: poke_mode_only; "
    + DEFINITIONS["airflow.exceptions"],
}
