"""`airflow.providers.common.*`, which other providers build on, and stand-ins for a few that may not be installed."""

from typing import Final

_SQL: Final = """
    scheduler.operators.sql: SQLExecuteQueryOperator SQLCheckOperator SQLValueCheckOperator BranchSQLOperator;
    ?SQL checks by column, table, interval or threshold: SQLIntervalCheckOperator SQLThresholdCheckOperator
        SQLColumnCheckOperator SQLTableCheckOperator SQLInsertRowsOperator BaseSQLOperator
"""
_SQL_HOOK: Final = """
    scheduler.hooks.sql: DbApiHook=SqlHook fetch_all_handler fetch_one_handler
"""

PROVIDERS: Final = {
    "airflow.providers.common.compat.version_compat": "scheduler.compat.airflow.version: AIRFLOW_V_3_0_PLUS "
    "AIRFLOW_V_3_1_PLUS AIRFLOW_V_3_2_PLUS get_base_airflow_version_tuple",
    "airflow.providers.common.compat.assets": "scheduler.sdk.assets: Asset AssetAlias AssetAll AssetAny",
    "airflow.providers.common.compat.standard.operators": "scheduler.operators.python: PythonOperator "
    "ShortCircuitOperator; scheduler.sdk.context: get_current_context",
    "airflow.providers.common.compat.standard.triggers": "scheduler.triggers.temporal: TimeDeltaTrigger",
    "airflow.providers.common.compat.lineage.hook": "scheduler.compat.airflow.lineage: get_hook_lineage_collector",
    "airflow.providers.common.compat.check": "scheduler.compat.airflow.version: require_provider_version",
    "airflow.providers.common.sql.operators.sql": _SQL,
    "airflow.providers.common.sql.operators.generic_transfer": "?transfers between databases: GenericTransfer",
    "airflow.providers.common.sql.hooks.sql": _SQL_HOOK,
    "airflow.providers.common.sql.hooks.handlers": _SQL_HOOK,
    "airflow.providers.common.sql.sensors.sql": "scheduler.sensors.sql: SqlSensor",
    "airflow.providers.common.io.operators.file_transfer": "scheduler.operators.files: FileTransferOperator",
    "airflow.providers.http.operators.http": "scheduler.operators.http: HttpOperator SimpleHttpOperator=HttpOperator",
    "airflow.providers.http.sensors.http": "scheduler.sensors.http: HttpSensor",
    "airflow.providers.http.hooks.http": "scheduler.hooks.http: HttpHook; ?asynchronous hooks: HttpAsyncHook",
    "airflow.providers.smtp.operators.smtp": "scheduler.operators.email: EmailOperator",
    "airflow.providers.postgres.operators.postgres": "scheduler.compat.airflow.old_sql: PostgresOperator",
    "airflow.providers.mysql.operators.mysql": "scheduler.compat.airflow.old_sql: MySqlOperator",
    "airflow.providers.sqlite.operators.sqlite": "scheduler.compat.airflow.old_sql: SqliteOperator",
    "airflow.providers.microsoft.mssql.operators.mssql": "scheduler.compat.airflow.old_sql: MsSqlOperator",
    "airflow.providers.snowflake.operators.snowflake": "scheduler.compat.airflow.old_sql: SnowflakeOperator",
}
