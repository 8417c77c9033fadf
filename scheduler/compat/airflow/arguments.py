"""Airflow's arguments that Dirigent knows by another name, or passes over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scheduler.compat.airflow.old_forms import warn_of

_RENAMED_OF_DAGS: Final = {
    "concurrency": "max_active_tasks",
    "fail_stop": "fail_fast",
    "timetable": "schedule",
}
_PASSED_OVER_BY_DAGS: Final = {
    "default_view": "Dirigent's page has one view; leave it out",
    "orientation": "Dirigent's page draws graphs from left to right; leave it out",
    "sla_miss_callback": "Dirigent has alert rules in its place, see docs/alerts.md",
    "access_control": "roles are set on the page",
    "owner_links": "Dirigent's page has none; leave it out",
    "allowed_run_types": "Dirigent allows all; leave it out",
    "disable_bundle_versioning": "a run keeps the files it started with; leave it out",
    "rerun_with_latest_version": "whoever reruns a task says so; leave it out",
    "is_subdag": "use a TaskGroup",
    "parent_dag": "use a TaskGroup",
    "full_filepath": "Dirigent knows the file; leave it out",
}
_RENAMED_OF_TASKS: Final = {
    "task_concurrency": "max_active_tis_per_dag",
    "xcom_push": "do_xcom_push",
}
#: Words that Airflow once took for a rule.
_OLD_RULES: Final = {"none_failed_or_skipped": "none_failed_min_one_success", "dummy": "always"}
_ALERTS: Final = "Dirigent has alert rules in its place, see docs/alerts.md"
_PASSED_OVER_BY_TASKS: Final = {
    "provide_context": "a function is given what its parameters name, such as ti or ds; leave it out",
    "email": _ALERTS,
    "email_on_failure": _ALERTS,
    "email_on_retry": _ALERTS,
    "sla": _ALERTS,
    "resources": "use memory_limit and cpu_limit",
    "executor": "use queue, and a worker that serves it",
    "executor_config": "use queue, memory_limit and cpu_limit",
    "ignore_first_depends_on_past": "a first run depends on nothing; leave it out",
    "wait_for_past_depends_before_skipping": "Dirigent does not wait; leave it out",
    "allow_nested_operators": "leave it out",
    "retry_policy": "Dirigent has no retry policies yet: retries and retry_delay hold",
    "show_return_value_in_log": "leave it out",
    "templates_exts": "set template_ext on a class of your own",
    "adhoc": "leave it out",
    "end_from_trigger": "leave it out",
    "expect_airflow": "no environment needs Airflow; leave it out",
    "expect_pendulum": "leave it out",
    "index_urls_from_connection_ids": "write the addresses under index_urls",
    "openlineage_inject_parent_info": "leave it out",
    "poll_interval": "poke_interval is what counts",
    "show_return_value_in_logs": "leave it out",
    "trigger_kwargs": "leave it out",
    "deferrable": "the task waits by looking at intervals",
    "start_from_trigger": "leave it out",
    "start_trigger_args": "leave it out",
}
_PASSED_OVER_BY_GROUPS: Final = {"ui_color": "leave it out", "ui_fgcolor": "leave it out"}


def dag_arguments(given: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return a DAG's arguments under Dirigent's names; what is None counts as not given."""
    return _read(given, known, _RENAMED_OF_DAGS, _PASSED_OVER_BY_DAGS)


def task_arguments(given: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return a task's arguments under Dirigent's names; what is None counts as not given."""
    return _with_rule(_read(given, known, _RENAMED_OF_TASKS, _PASSED_OVER_BY_TASKS))


def default_args(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return default_args under Dirigent's names, and what else is in them: tasks take what they know."""
    return _with_rule(_read(given, frozenset(), _RENAMED_OF_TASKS, {}))


def _with_rule(read: dict[str, Any]) -> dict[str, Any]:
    rule = read.get("trigger_rule")
    if rule in _OLD_RULES:
        warn_of(f"trigger_rule={str(rule)!r}", f"write {_OLD_RULES[rule]!r}")
        read["trigger_rule"] = _OLD_RULES[rule]
    return read


def group_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task group's arguments without those that are passed over."""
    return _read(given, frozenset(), {}, _PASSED_OVER_BY_GROUPS)


def _read(
    given: Mapping[str, Any],
    known: frozenset[str],
    renamed: Mapping[str, str],
    passed_over: Mapping[str, str],
) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in given.items():
        if name in known:
            read[name] = value
        elif name in renamed:
            warn_of(name, f"write {renamed[name]}={value!r}")
            read[renamed[name]] = value
        elif name in passed_over:
            warn_of(name, f"is passed over: {passed_over[name]}")
        else:
            read[name] = value
    return {name: value for name, value in read.items() if value is not None}
