"""Names that Airflow itself has given up, some of them before 2.0."""

from typing import Final

OLD: Final = {
    "airflow.operators.http_operator": "scheduler.operators.http: SimpleHttpOperator=HttpOperator",
    "airflow.operators.postgres_operator": "scheduler.compat.airflow.old_sql: PostgresOperator",
    "airflow.operators.mysql_operator": "scheduler.compat.airflow.old_sql: MySqlOperator",
    "airflow.operators.sqlite_operator": "scheduler.compat.airflow.old_sql: SqliteOperator",
    "airflow.sensors.http_sensor": "scheduler.sensors.http: HttpSensor",
    "airflow.hooks.http_hook": "scheduler.hooks.http: HttpHook",
    "airflow.operators": """
        scheduler.operators.python: PythonOperator BranchPythonOperator ShortCircuitOperator;
        scheduler.operators.bash: BashOperator;
        scheduler.operators.empty: DummyOperator=EmptyOperator;
        scheduler.sdk.operator: BaseOperator
    """,
    "airflow.operators.subdag": "scheduler.compat.airflow.old_operators: SubDagOperator",
    "airflow.kubernetes.secret": "?the Kubernetes provider's names: Secret",
    "airflow.kubernetes.pod": "?the Kubernetes provider's names: Port Resources",
    "airflow.executors.local_executor": "?executors (a worker serves a queue): LocalExecutor",
    "airflow.executors.celery_executor": "?executors (a worker serves a queue): CeleryExecutor",
    "airflow.executors.sequential_executor": "?executors (a worker serves a queue): SequentialExecutor",
    "airflow.executors.kubernetes_executor": "?executors (a worker serves a queue): KubernetesExecutor",
    "airflow.executors.debug_executor": "?executors (a worker serves a queue): DebugExecutor",
    "airflow.contrib.hooks.fs_hook": "scheduler.hooks.filesystem: FSHook",
    "airflow.contrib.sensors.file_sensor": "scheduler.sensors.filesystem: FileSensor",
    "airflow.contrib.sensors.python_sensor": "scheduler.sensors.python: PythonSensor",
    "airflow.contrib.sensors.bash_sensor": "scheduler.sensors.bash: BashSensor",
    "airflow.contrib.sensors.weekday_sensor": "scheduler.sensors.date_time: DayOfWeekSensor",
    "airflow.contrib.operators.branch_dag_run_operator": "?mixins for branches: BranchDagRunOperator",
    "airflow.contrib.utils.weekday": "scheduler.sdk.weekday: WeekDay",
    "airflow.api.common.experimental.trigger_dag": "?runs that are started by Airflow's own API: trigger_dag",
    "airflow.api.client.local_client": "?runs that are started by Airflow's own API: Client",
    "airflow.www.app": "?Airflow's page: create_app",
}

#: Module -> the module whose names it has.
ALIASES: Final = {
    "airflow.operators.python_operator": "airflow.operators.python",
    "airflow.operators.bash_operator": "airflow.operators.bash",
    "airflow.operators.dummy": "airflow.operators.empty",
    "airflow.operators.dummy_operator": "airflow.operators.empty",
    "airflow.operators.branch_operator": "airflow.operators.branch",
    "airflow.operators.dagrun_operator": "airflow.operators.trigger_dagrun",
    "airflow.operators.email_operator": "airflow.operators.email",
    "airflow.operators.latest_only_operator": "airflow.operators.latest_only",
    "airflow.operators.subdag_operator": "airflow.operators.subdag",
    "airflow.operators.sensors": "airflow.sensors.base",
    "airflow.sensors.base_sensor_operator": "airflow.sensors.base",
    "airflow.sensors.external_task_sensor": "airflow.sensors.external_task",
    "airflow.sensors.date_time_sensor": "airflow.sensors.date_time",
    "airflow.sensors.time_delta_sensor": "airflow.sensors.time_delta",
    "airflow.sensors.python_sensor": "airflow.sensors.python",
    "airflow.sensors.bash_sensor": "airflow.sensors.bash",
    "airflow.sensors.sql_sensor": "airflow.sensors.sql",
    "airflow.sensors.file_sensor": "airflow.sensors.filesystem",
    "airflow.sensors.weekday_sensor": "airflow.sensors.weekday",
    "airflow.hooks.base_hook": "airflow.hooks.base",
    "airflow.hooks.dbapi_hook": "airflow.hooks.dbapi",
    "airflow.utils.log": "airflow.utils.log.logging_mixin",
    "airflow.decorators.python": "airflow.providers.standard.decorators.python",
    "airflow.contrib.operators.bash_operator": "airflow.operators.bash",
    "airflow.notifications": "airflow.notifications.basenotifier",
}
