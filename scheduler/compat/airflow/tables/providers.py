"""`airflow.providers.common.*`, which other providers build on, and stand-ins for a few that may not be installed."""

from typing import Final

PROVIDERS: Final = {
    "airflow.providers.common.compat.version_compat": "scheduler.compat.airflow.version: AIRFLOW_V_3_0_PLUS "
    "AIRFLOW_V_3_1_PLUS AIRFLOW_V_3_2_PLUS get_base_airflow_version_tuple",
    "airflow.providers.common.compat.assets": "?assets: Asset AssetAlias AssetAll AssetAny",
    "airflow.providers.common.compat.standard.operators": "scheduler.operators.python: PythonOperator "
    "ShortCircuitOperator; scheduler.sdk.context: get_current_context",
    "airflow.providers.common.compat.standard.triggers": "?triggers: TimeDeltaTrigger",
    "airflow.providers.common.compat.lineage.hook": "scheduler.compat.airflow.lineage: get_hook_lineage_collector",
    "airflow.providers.common.compat.check": "scheduler.compat.airflow.version: require_provider_version",
    "airflow.providers.common.sql.operators.sql": "?SQL operators: SQLExecuteQueryOperator SQLCheckOperator "
    "SQLValueCheckOperator SQLIntervalCheckOperator SQLThresholdCheckOperator BranchSQLOperator BaseSQLOperator "
    "SQLColumnCheckOperator SQLTableCheckOperator SQLInsertRowsOperator",
    "airflow.providers.common.sql.operators.generic_transfer": "?SQL operators: GenericTransfer",
    "airflow.providers.common.sql.hooks.sql": "?SQL hooks: DbApiHook fetch_all_handler fetch_one_handler",
    "airflow.providers.common.sql.hooks.handlers": "?SQL hooks: fetch_all_handler fetch_one_handler",
    "airflow.providers.common.sql.sensors.sql": "?sensors: SqlSensor",
    "airflow.providers.common.io.operators.file_transfer": "?file operators: FileTransferOperator",
    "airflow.providers.http.operators.http": "?HTTP operators: HttpOperator SimpleHttpOperator",
    "airflow.providers.http.sensors.http": "?sensors: HttpSensor",
    "airflow.providers.http.hooks.http": "?HTTP hooks: HttpHook HttpAsyncHook",
    "airflow.providers.smtp.operators.smtp": "?EmailOperator: EmailOperator",
}
