"""Dirigent: DAGs in Python, run by a scheduler that is fast and loses nothing.

These are the names a DAG file imports. Each is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scheduler.hooks.filesystem import FSHook
    from scheduler.hooks.hook import BaseHook
    from scheduler.hooks.http import HttpHook
    from scheduler.hooks.object_storage import ObjectStoragePath
    from scheduler.hooks.sql import SqlHook
    from scheduler.operators.asset import asset
    from scheduler.operators.asset_check import asset_check
    from scheduler.operators.bash import BashOperator
    from scheduler.operators.branching import (
        BaseBranchOperator,
        BranchDateTimeOperator,
        BranchDayOfWeekOperator,
        LatestOnlyOperator,
    )
    from scheduler.operators.conditions import run_if, skip_if
    from scheduler.operators.email import EmailOperator
    from scheduler.operators.empty import EmptyOperator
    from scheduler.operators.files import FileDeleteOperator, FileTransferOperator
    from scheduler.operators.http import HttpOperator
    from scheduler.operators.interpreters import (
        BranchExternalPythonOperator,
        BranchPythonVirtualenvOperator,
        ExternalPythonOperator,
        PythonVirtualenvOperator,
    )
    from scheduler.operators.people import (
        ApprovalOperator,
        HITLBranchOperator,
        HITLEntryOperator,
        HITLOperator,
    )
    from scheduler.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
    from scheduler.operators.resumable import ResumableJobMixin
    from scheduler.operators.setup_teardown import result, setup, teardown
    from scheduler.operators.sql import (
        BranchSQLOperator,
        SQLCheckOperator,
        SQLExecuteQueryOperator,
        SQLValueCheckOperator,
    )
    from scheduler.operators.taskflow import task
    from scheduler.operators.trigger_dagrun import TriggerDagRunOperator
    from scheduler.sdk.alerts import Alert
    from scheduler.sdk.asset_checks import AssetCheckResult, FreshnessPolicy
    from scheduler.sdk.assets import (
        Asset,
        AssetAlias,
        AssetAll,
        AssetAny,
        AssetOrTimeSchedule,
        AssetWatcher,
        Metadata,
    )
    from scheduler.sdk.connections import Connection
    from scheduler.sdk.context import Context, get_current_context, publish_artifact
    from scheduler.sdk.dag import DAG, dag
    from scheduler.sdk.deadlines import (
        AsyncCallback,
        BaseDeadlineReference,
        DeadlineAlert,
        DeadlineReference,
        SyncCallback,
        VariableInterval,
        deadline_reference,
    )
    from scheduler.sdk.deferral import BaseEventTrigger, BaseTrigger, StartTriggerArgs, TriggerEvent
    from scheduler.sdk.edges import Label, chain, chain_linear, cross_downstream
    from scheduler.sdk.group import TaskGroup, task_group
    from scheduler.sdk.hiding import mask_secret
    from scheduler.sdk.instance import DagRun, TaskInstance
    from scheduler.sdk.loops import Loop
    from scheduler.sdk.notifiers import BaseNotifier
    from scheduler.sdk.operator import BaseOperator
    from scheduler.sdk.params import Param
    from scheduler.sdk.partitions import (
        AllowedKeyMapper,
        ChainMapper,
        CronPartitionTimetable,
        DayWindow,
        FanOutMapper,
        FixedKeyMapper,
        HourWindow,
        IdentityMapper,
        MinimumCount,
        MonthWindow,
        PartitionedAssetTimetable,
        PartitionedAtRuntime,
        PartitionMapper,
        ProductMapper,
        QuarterWindow,
        RollupMapper,
        SegmentWindow,
        StartOfDayMapper,
        StartOfHourMapper,
        StartOfMonthMapper,
        StartOfQuarterMapper,
        StartOfWeekMapper,
        StartOfYearMapper,
        WaitForAll,
        WeekWindow,
        Window,
        YearWindow,
    )
    from scheduler.sdk.priorities import PriorityWeightStrategy
    from scheduler.sdk.results import XComArg
    from scheduler.sdk.retry_policy import (
        ExceptionRetryPolicy,
        RetryAction,
        RetryDecision,
        RetryPolicy,
        RetryRule,
    )
    from scheduler.sdk.rules import TriggerRule, WeightRule
    from scheduler.sdk.schedule import (
        CronDataIntervalTimetable,
        CronTriggerTimetable,
        DeltaDataIntervalTimetable,
        DeltaTriggerTimetable,
    )
    from scheduler.sdk.sensor import BaseSensorOperator, PokeReturnValue
    from scheduler.sdk.serializers import register_serializer
    from scheduler.sdk.signals import (
        AirflowException,
        AirflowFailException,
        AirflowSensorTimeout,
        AirflowSkipException,
        FailTask,
        RescheduleTask,
        SensorTimeout,
        SkipTask,
        TaskDeferralError,
        TaskDeferralTimeout,
        TaskDeferred,
        TaskError,
        TaskTimeout,
    )
    from scheduler.sdk.state_store import NEVER_EXPIRE
    from scheduler.sdk.timetables import (
        DagRunInfo,
        DataInterval,
        EventsTimetable,
        MultipleCronTriggerTimetable,
        TimeRestriction,
        Timetable,
    )
    from scheduler.sdk.variables import Variable
    from scheduler.sdk.weekday import WeekDay
    from scheduler.sensors.bash import BashSensor
    from scheduler.sensors.date_time import DateTimeSensor, DayOfWeekSensor, TimeDeltaSensor, TimeSensor
    from scheduler.sensors.external_task import ExternalTaskSensor
    from scheduler.sensors.filesystem import FileSensor
    from scheduler.sensors.http import HttpSensor
    from scheduler.sensors.python import PythonSensor
    from scheduler.sensors.sql import SqlSensor

__all__ = [
    "DAG",
    "NEVER_EXPIRE",
    "AirflowException",
    "AirflowFailException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "Alert",
    "AllowedKeyMapper",
    "ApprovalOperator",
    "Asset",
    "AssetAlias",
    "AssetAll",
    "AssetAny",
    "AssetCheckResult",
    "AssetOrTimeSchedule",
    "AssetWatcher",
    "AsyncCallback",
    "BaseBranchOperator",
    "BaseDeadlineReference",
    "BaseEventTrigger",
    "BaseHook",
    "BaseNotifier",
    "BaseOperator",
    "BaseSensorOperator",
    "BaseTrigger",
    "BashOperator",
    "BashSensor",
    "BranchDateTimeOperator",
    "BranchDayOfWeekOperator",
    "BranchExternalPythonOperator",
    "BranchPythonOperator",
    "BranchPythonVirtualenvOperator",
    "BranchSQLOperator",
    "ChainMapper",
    "Connection",
    "Context",
    "CronDataIntervalTimetable",
    "CronPartitionTimetable",
    "CronTriggerTimetable",
    "DagRun",
    "DagRunInfo",
    "DataInterval",
    "DateTimeSensor",
    "DayOfWeekSensor",
    "DayWindow",
    "DeadlineAlert",
    "DeadlineReference",
    "DeltaDataIntervalTimetable",
    "DeltaTriggerTimetable",
    "EmailOperator",
    "EmptyOperator",
    "EventsTimetable",
    "ExceptionRetryPolicy",
    "ExternalPythonOperator",
    "ExternalTaskSensor",
    "FSHook",
    "FailTask",
    "FanOutMapper",
    "FileDeleteOperator",
    "FileSensor",
    "FileTransferOperator",
    "FixedKeyMapper",
    "FreshnessPolicy",
    "HITLBranchOperator",
    "HITLEntryOperator",
    "HITLOperator",
    "HourWindow",
    "HttpHook",
    "HttpOperator",
    "HttpSensor",
    "IdentityMapper",
    "Label",
    "LatestOnlyOperator",
    "Loop",
    "Metadata",
    "MinimumCount",
    "MonthWindow",
    "MultipleCronTriggerTimetable",
    "ObjectStoragePath",
    "Param",
    "PartitionMapper",
    "PartitionedAssetTimetable",
    "PartitionedAtRuntime",
    "PokeReturnValue",
    "PriorityWeightStrategy",
    "ProductMapper",
    "PythonOperator",
    "PythonSensor",
    "PythonVirtualenvOperator",
    "QuarterWindow",
    "RescheduleTask",
    "ResumableJobMixin",
    "RetryAction",
    "RetryDecision",
    "RetryPolicy",
    "RetryRule",
    "RollupMapper",
    "SQLCheckOperator",
    "SQLExecuteQueryOperator",
    "SQLValueCheckOperator",
    "SegmentWindow",
    "SensorTimeout",
    "ShortCircuitOperator",
    "SkipTask",
    "SqlHook",
    "SqlSensor",
    "StartOfDayMapper",
    "StartOfHourMapper",
    "StartOfMonthMapper",
    "StartOfQuarterMapper",
    "StartOfWeekMapper",
    "StartOfYearMapper",
    "StartTriggerArgs",
    "SyncCallback",
    "TaskDeferralError",
    "TaskDeferralTimeout",
    "TaskDeferred",
    "TaskError",
    "TaskGroup",
    "TaskInstance",
    "TaskTimeout",
    "TimeDeltaSensor",
    "TimeRestriction",
    "TimeSensor",
    "Timetable",
    "TriggerDagRunOperator",
    "TriggerEvent",
    "TriggerRule",
    "Variable",
    "VariableInterval",
    "WaitForAll",
    "WeekDay",
    "WeekWindow",
    "WeightRule",
    "Window",
    "XComArg",
    "YearWindow",
    "asset",
    "asset_check",
    "chain",
    "chain_linear",
    "cross_downstream",
    "dag",
    "deadline_reference",
    "get_current_context",
    "mask_secret",
    "publish_artifact",
    "register_serializer",
    "result",
    "run_if",
    "setup",
    "skip_if",
    "task",
    "task_group",
    "teardown",
]

#: The module that each name comes from.
_HOMES: Final = {
    "scheduler.hooks.filesystem": "FSHook",
    "scheduler.hooks.hook": "BaseHook",
    "scheduler.hooks.http": "HttpHook",
    "scheduler.hooks.object_storage": "ObjectStoragePath",
    "scheduler.hooks.sql": "SqlHook",
    "scheduler.operators.asset": "asset",
    "scheduler.operators.asset_check": "asset_check",
    "scheduler.operators.bash": "BashOperator",
    "scheduler.operators.branching": "BaseBranchOperator BranchDateTimeOperator BranchDayOfWeekOperator "
    "LatestOnlyOperator",
    "scheduler.operators.conditions": "run_if skip_if",
    "scheduler.operators.email": "EmailOperator",
    "scheduler.operators.empty": "EmptyOperator",
    "scheduler.operators.files": "FileDeleteOperator FileTransferOperator",
    "scheduler.operators.http": "HttpOperator",
    "scheduler.operators.interpreters": "BranchExternalPythonOperator BranchPythonVirtualenvOperator "
    "ExternalPythonOperator PythonVirtualenvOperator",
    "scheduler.operators.people": "ApprovalOperator HITLBranchOperator HITLEntryOperator HITLOperator",
    "scheduler.operators.python": "BranchPythonOperator PythonOperator ShortCircuitOperator",
    "scheduler.operators.setup_teardown": "result setup teardown",
    "scheduler.operators.resumable": "ResumableJobMixin",
    "scheduler.operators.sql": "BranchSQLOperator SQLCheckOperator SQLExecuteQueryOperator "
    "SQLValueCheckOperator",
    "scheduler.operators.taskflow": "task",
    "scheduler.operators.trigger_dagrun": "TriggerDagRunOperator",
    "scheduler.sdk.alerts": "Alert",
    "scheduler.sdk.asset_checks": "AssetCheckResult FreshnessPolicy",
    "scheduler.sdk.assets": "Asset AssetAlias AssetAll AssetAny AssetOrTimeSchedule AssetWatcher Metadata",
    "scheduler.sdk.connections": "Connection",
    "scheduler.sdk.context": "Context get_current_context publish_artifact",
    "scheduler.sdk.dag": "DAG dag",
    "scheduler.sdk.deadlines": "AsyncCallback BaseDeadlineReference DeadlineAlert DeadlineReference SyncCallback "
    "VariableInterval deadline_reference",
    "scheduler.sdk.deferral": "BaseEventTrigger BaseTrigger StartTriggerArgs TriggerEvent",
    "scheduler.sdk.edges": "Label chain chain_linear cross_downstream",
    "scheduler.sdk.group": "TaskGroup task_group",
    "scheduler.sdk.hiding": "mask_secret",
    "scheduler.sdk.instance": "DagRun TaskInstance",
    "scheduler.sdk.loops": "Loop",
    "scheduler.sdk.notifiers": "BaseNotifier",
    "scheduler.sdk.operator": "BaseOperator",
    "scheduler.sdk.params": "Param",
    "scheduler.sdk.partitions": "AllowedKeyMapper ChainMapper CronPartitionTimetable DayWindow FanOutMapper "
    "FixedKeyMapper HourWindow IdentityMapper MinimumCount MonthWindow PartitionedAssetTimetable "
    "PartitionedAtRuntime PartitionMapper ProductMapper QuarterWindow RollupMapper "
    "SegmentWindow StartOfDayMapper StartOfHourMapper StartOfMonthMapper StartOfQuarterMapper "
    "StartOfWeekMapper StartOfYearMapper WaitForAll WeekWindow Window YearWindow",
    "scheduler.sdk.priorities": "PriorityWeightStrategy",
    "scheduler.sdk.results": "XComArg",
    "scheduler.sdk.retry_policy": "ExceptionRetryPolicy RetryAction RetryDecision RetryPolicy RetryRule",
    "scheduler.sdk.rules": "TriggerRule WeightRule",
    "scheduler.sdk.schedule": "CronDataIntervalTimetable CronTriggerTimetable "
    "DeltaDataIntervalTimetable DeltaTriggerTimetable",
    "scheduler.sdk.sensor": "BaseSensorOperator PokeReturnValue",
    "scheduler.sdk.timetables": "DagRunInfo DataInterval EventsTimetable "
    "MultipleCronTriggerTimetable TimeRestriction Timetable",
    "scheduler.sdk.serializers": "register_serializer",
    "scheduler.sdk.signals": "AirflowException AirflowFailException AirflowSensorTimeout "
    "AirflowSkipException FailTask RescheduleTask SensorTimeout SkipTask "
    "TaskDeferralError TaskDeferralTimeout TaskDeferred TaskError "
    "TaskTimeout",
    "scheduler.sdk.state_store": "NEVER_EXPIRE",
    "scheduler.sdk.variables": "Variable",
    "scheduler.sdk.weekday": "WeekDay",
    "scheduler.sensors.bash": "BashSensor",
    "scheduler.sensors.date_time": "DateTimeSensor DayOfWeekSensor TimeDeltaSensor TimeSensor",
    "scheduler.sensors.external_task": "ExternalTaskSensor",
    "scheduler.sensors.filesystem": "FileSensor",
    "scheduler.sensors.http": "HttpSensor",
    "scheduler.sensors.python": "PythonSensor",
    "scheduler.sensors.sql": "SqlSensor",
}
_HOME_OF: Final = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load the module that the name comes from."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'scheduler' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
