"""What graphs are made of, and the modules that code of users' leans on: `airflow`, `utils`, `timetables` and so on."""

from typing import Final

_STATE: Final = """
    scheduler.compat.airflow.state: State TaskInstanceState DagRunState TerminalTIState IntermediateTIState JobState
"""
_RULES: Final = "scheduler.sdk.rules: TriggerRule"
_TIMETABLE: Final = """
    scheduler.sdk.timetables: Timetable DagRunInfo DataInterval TimeRestriction TimetableProtocol=Timetable
        BaseTimetable=Timetable
"""
_TRIGGER_TIMETABLES: Final = """
    scheduler.sdk.schedule: CronTriggerTimetable DeltaTriggerTimetable;
    scheduler.sdk.timetables: MultipleCronTriggerTimetable;
    scheduler.sdk.partitions: CronPartitionTimetable
"""
_SIMPLE_TIMETABLES: Final = """
    scheduler.sdk.schedule: NullTimetable OnceTimetable ContinuousTimetable;
    scheduler.sdk.partitions: PartitionedAssetTimetable PartitionedAtRuntime;
    ?assets: AssetTriggeredTimetable DatasetTriggeredTimetable
"""
_EXCEPTIONS: Final = """
    scheduler.sdk.signals: AirflowException AirflowSkipException AirflowFailException AirflowRescheduleException
        AirflowTaskTimeout AirflowSensorTimeout TaskAwaitingInput TaskDeferred TaskDeferralError TaskDeferralTimeout;
    scheduler.errors: AirflowNotFoundException=NotFound AirflowDagCycleException=DagCycle DagNotFound=NotFound
        DuplicateTaskIdFound=DuplicateTask AirflowDagDuplicatedIdException=DuplicateDag TaskNotFound=BadDag
        ParamValidationError=BadParams DagRunNotFound=NotFound PoolNotFound=NotFound XComNotFound=NotFound
        AirflowTimetableInvalid=BadSchedule DagRunAlreadyExists=AlreadyExists;
    scheduler.compat.airflow.exceptions: AirflowBadRequest AirflowConfigException
        AirflowOptionalProviderFeatureException AirflowProviderDeprecationWarning AirflowInternalRuntimeError
        AirflowTaskTerminated AirflowClusterPolicyViolation AirflowClusterPolicySkipDag TaskAlreadyInTaskGroup
        RemovedInAirflow3Warning RemovedInAirflow4Warning SerializationError
        UnmappableXComTypePushed XComForMappingNotPushed DownstreamTasksSkipped FailFastDagInvalidTriggerRule;
    ?runs that are triggered by raising: DagRunTriggerException
"""
_EDGES: Final = "scheduler.sdk.edges: Label EdgeModifier=Label"
_ASSETS: Final = """
    scheduler.sdk.assets: Asset AssetAlias AssetAll AssetAny Metadata Model Dataset AssetNameRef AssetRef AssetUriRef;
    scheduler.sdk.assets: AssetWatcher
"""

DEFINITIONS: Final = {
    "airflow": """
        scheduler.sdk.dag: DAG dag;
        scheduler.sdk.results: XComArg;
        scheduler.sdk.signals: AirflowException;
        scheduler.compat.airflow.version: __version__;
        scheduler.sdk.assets: Asset Dataset
    """,
    "airflow.version": "scheduler.compat.airflow.version: version=__version__ __version__",
    "airflow.exceptions": _EXCEPTIONS,
    "airflow.configuration": "scheduler.compat.airflow.configuration: conf AirflowConfigParser get getboolean getint "
    "getfloat has_option AIRFLOW_HOME; scheduler.compat.airflow.exceptions: AirflowConfigException",
    "airflow.settings": "scheduler.compat.airflow.settings: *",
    "airflow.macros": "scheduler.sdk.macros: *; scheduler.compat.airflow.macros: datetime_diff_for_humans",
    "airflow.plugins_manager": "scheduler.compat.airflow.plugins: AirflowPlugin",
    "airflow.listeners": "scheduler.plugins: hookimpl",
    "airflow.policies": "scheduler.compat.airflow.plugins: hookimpl=policy",
    "airflow.stats": "scheduler.compat.airflow.plugins: Stats",
    "airflow.notifications.basenotifier": "scheduler.sdk.notifiers: BaseNotifier",
    "airflow.task.trigger_rule": _RULES,
    "airflow.task.weight_rule": "scheduler.sdk.rules: WeightRule",
    "airflow.task.priority_strategy": "scheduler.sdk.priorities: PriorityWeightStrategy",
    "airflow.partition_mappers.base": "scheduler.sdk.partitions: PartitionMapper RollupMapper",
    "airflow.partition_mappers.window": "scheduler.sdk.partitions: Window",
    "airflow.assets": _ASSETS,
    "airflow.assets.metadata": "scheduler.sdk.assets: Metadata",
    "airflow.datasets": "scheduler.sdk.assets: Dataset DatasetAlias=AssetAlias DatasetAll=AssetAll "
    "DatasetAny=AssetAny",
    "airflow.datasets.metadata": "scheduler.sdk.assets: Metadata",
    "airflow.io.path": "scheduler.hooks.object_storage: ObjectStoragePath",
    "airflow.io": "scheduler.hooks.object_storage: ObjectStoragePath; "
    "scheduler.hooks.object_stores: get_fs has_fs attach Properties",
    "airflow.io.store": "scheduler.hooks.object_stores: attach",
    "airflow.lineage": "?lineage: AUTO apply_lineage prepare_lineage",
    "airflow.lineage.entities": "?lineage: File Table Column User Tag",
    "airflow.lineage.hook": "?lineage: get_hook_lineage_collector HookLineageCollector",
    "airflow.secrets": "?secret backends: BaseSecretsBackend",
    "airflow.secrets.base_secrets": "?secret backends: BaseSecretsBackend",
    "airflow.timetables.base": _TIMETABLE,
    "airflow.timetables.trigger": _TRIGGER_TIMETABLES,
    "airflow.timetables.interval": "scheduler.sdk.schedule: CronDataIntervalTimetable DeltaDataIntervalTimetable",
    "airflow.timetables.simple": _SIMPLE_TIMETABLES,
    "airflow.timetables.events": "scheduler.sdk.timetables: EventsTimetable",
    "airflow.timetables.assets": "scheduler.sdk.assets: AssetOrTimeSchedule",
    "airflow.timetables.datasets": "scheduler.compat.airflow.old_assets: DatasetOrTimeSchedule",
    "airflow.utils.context": "scheduler.sdk.context: Context; scheduler.compat.airflow.contexts: context_merge "
    "context_to_airflow_vars",
    "airflow.utils.dag_parsing_context": "scheduler.compat.airflow.contexts: get_parsing_context",
    "airflow.utils.dates": "scheduler.compat.airflow.old_dates: *",
    "airflow.utils.db": "scheduler.compat.airflow.session: initdb resetdb create_session provide_session",
    "airflow.utils.edgemodifier": _EDGES,
    "airflow.utils.email": "scheduler.compat.airflow.email: send_email send_email_smtp "
    "build_mime_message get_email_address_list",
    "airflow.utils.file": "scheduler.compat.airflow.files: list_py_file_paths open_maybe_zipped "
    "TemporaryDirectory mkdirs",
    "airflow.utils.hashlib_wrapper": "hashlib: md5",
    "airflow.utils.helpers": "scheduler.sdk.edges: chain cross_downstream; scheduler.compat.airflow.sequences: chunks "
    "merge_dicts as_flattened_list prune_dict exactly_one at_most_one is_container validate_key; "
    "scheduler.compat.airflow.contexts: render_template_to_string",
    "airflow.utils.log.logging_mixin": "scheduler.compat.airflow.logs: LoggingMixin",
    "airflow.utils.log.secrets_masker": "scheduler.compat.airflow.logs: redact should_hide_value_for_key; "
    "scheduler.sdk.hiding: mask_secret",
    "airflow.utils.module_loading": "scheduler.compat.airflow.sequences: import_string iter_namespace qualname",
    "airflow.utils.strings": "scheduler.compat.airflow.sequences: to_boolean",
    "airflow.providers_manager": "scheduler.compat.airflow.plugins: ProvidersManager",
    "airflow.utils.operator_helpers": "scheduler.compat.airflow.contexts: context_to_airflow_vars determine_kwargs "
    "KeywordParameters",
    "airflow.utils.platform": "getpass: getuser",
    "airflow.utils.session": "scheduler.compat.airflow.session: create_session provide_session NEW_SESSION",
    "airflow.utils.state": _STATE,
    "airflow.utils.task_group": "scheduler.sdk.group: TaskGroup task_group",
    "airflow.utils.timezone": "scheduler.compat.airflow.timezone: *",
    "airflow.utils.timeout": "scheduler.compat.airflow.limits: timeout",
    "airflow.utils.trigger_rule": _RULES,
    "airflow.utils.types": "scheduler.compat.airflow.state: DagRunType NOTSET ArgNotSet",
    "airflow.utils.weekday": "scheduler.sdk.weekday: WeekDay",
    "airflow.utils.weight_rule": "scheduler.sdk.rules: WeightRule",
    "airflow.utils.xcom": "scheduler.sdk.results: XCOM_RETURN_KEY=RETURN_KEY",
    "airflow.utils.setup_teardown": "?contexts of setups: SetupTeardownContext",
    "airflow.utils.decorators": "scheduler.compat.airflow.old_operators: apply_defaults",
    "airflow.utils.process_utils": "scheduler.compat.airflow.subprocesses: execute_in_subprocess",
    "airflow.utils.net": "scheduler.compat.airflow.files: get_hostname",
    "airflow.utils.yaml": "yaml: *",
    "airflow.typing_compat": "typing: Literal Protocol TypedDict Self",
}
