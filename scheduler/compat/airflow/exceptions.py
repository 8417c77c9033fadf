"""Airflow's exceptions that Dirigent itself never raises: for code that raises or catches them."""

from __future__ import annotations

from scheduler.sdk.signals import TaskError


class AirflowBadRequest(TaskError):
    """A request that cannot be answered."""


class AirflowConfigException(TaskError):
    """An option that is not there, or not right."""


class AirflowOptionalProviderFeatureException(TaskError):
    """A feature whose package is not installed."""


class AirflowClusterPolicyViolation(TaskError):
    """A DAG that breaks a policy of the cluster's."""


class AirflowClusterPolicySkipDag(TaskError):
    """A DAG that a policy leaves out."""


class TaskAlreadyInTaskGroup(TaskError):
    """A task that is in a group already."""


class SerializationError(TaskError):
    """A value that cannot be written."""


class DownstreamTasksSkipped(TaskError):
    """Tells which tasks are skipped."""


class FailFastDagInvalidTriggerRule(TaskError):
    """A trigger rule that a DAG with fail_fast cannot have."""


class UnmappableXComTypePushed(TypeError):
    """A value that no task can be mapped over."""


class XComForMappingNotPushed(TypeError):
    """Nothing to map over."""


class AirflowInternalRuntimeError(BaseException):
    """An error that no `except Exception` sees."""


class AirflowTaskTerminated(BaseException):
    """The task was told to stop."""


class RemovedInAirflow3Warning(DeprecationWarning):
    """Gone in Airflow 3."""


class RemovedInAirflow4Warning(DeprecationWarning):
    """Gone in Airflow 4."""


class AirflowProviderDeprecationWarning(DeprecationWarning):
    """A provider gives something up."""
