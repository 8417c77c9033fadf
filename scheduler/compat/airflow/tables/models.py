"""`airflow.models` and what is below it."""

from typing import Final

_DAG: Final = "scheduler.sdk.dag: DAG dag; scheduler.compat.airflow.models: DagModel DagTag DagContext"
_OPERATOR: Final = """
    scheduler.sdk.operator: BaseOperator BaseOperatorMeta=OperatorMeta;
    scheduler.sdk.edges: chain chain_linear cross_downstream;
    scheduler.compat.airflow.models: BaseOperatorLink
"""
_PARAM: Final = "scheduler.sdk.params: Param DagParam; scheduler.compat.airflow.models: ParamsDict"
_TASK_INSTANCE: Final = """
    scheduler.compat.airflow.models: TaskInstance SimpleTaskInstance TaskInstanceKey clear_task_instances;
    scheduler.sdk.context: get_current_context
"""
_XCOM: Final = (
    "scheduler.compat.airflow.models: XCom BaseXCom; scheduler.sdk.results: XCOM_RETURN_KEY=RETURN_KEY"
)

MODELS: Final = {
    "airflow.models": """
        scheduler.sdk.dag: DAG;
        scheduler.sdk.operator: BaseOperator;
        scheduler.sdk.variables: Variable;
        scheduler.sdk.params: Param;
        scheduler.sdk.results: XComArg;
        scheduler.compat.airflow.models: BaseOperatorLink BaseXCom DagModel DagRun DagTag ParamsDict Pool
            TaskInstance TaskReschedule XCom clear_task_instances ID_LEN Log;
        scheduler.compat.airflow.connections: Connection;
        scheduler.compat.airflow.dagbag: DagBag;
        scheduler.compat.airflow.skipping: SkipMixin;
        scheduler.sdk.mapping: MappedOperator;
        ?rows of Airflow's database: Base Callback DagWarning DbCallbackRequest Deadline HITLDetail Job
            RenderedTaskInstanceFields Team Trigger SlaMiss ImportError DagPickle TaskFail
    """,
    "airflow.models.dag": _DAG,
    "airflow.models.baseoperator": _OPERATOR,
    "airflow.models.operator": "scheduler.sdk.operator: BaseOperator Operator=BaseOperator",
    "airflow.models.abstractoperator": "scheduler.sdk.operator: AbstractOperator=BaseOperator",
    "airflow.models.baseoperatorlink": "scheduler.compat.airflow.models: BaseOperatorLink",
    "airflow.models.mappedoperator": "scheduler.sdk.mapping: MappedOperator OperatorPartial=Partial",
    "airflow.models.connection": "scheduler.compat.airflow.connections: Connection",
    "airflow.models.dagbag": "scheduler.compat.airflow.dagbag: DagBag",
    "airflow.dag_processing.dagbag": "scheduler.compat.airflow.dagbag: DagBag",
    "airflow.models.dagrun": "scheduler.compat.airflow.models: DagRun; scheduler.compat.airflow.state: DagRunType "
    "DagRunState",
    "airflow.models.param": _PARAM,
    "airflow.models.pool": "scheduler.compat.airflow.models: Pool",
    "airflow.models.skipmixin": "scheduler.compat.airflow.skipping: SkipMixin",
    "airflow.models.taskinstance": _TASK_INSTANCE,
    "airflow.models.taskinstancekey": "scheduler.compat.airflow.models: TaskInstanceKey",
    "airflow.models.taskmixin": "scheduler.sdk.edges: DAGNode=Node DependencyMixin=Linkable",
    "airflow.models.taskreschedule": "scheduler.compat.airflow.models: TaskReschedule",
    "airflow.models.variable": "scheduler.sdk.variables: Variable",
    "airflow.models.xcom": _XCOM,
    "airflow.models.xcom_arg": "scheduler.sdk.results: XComArg PlainXComArg=XComArg",
    "airflow.models.crypto": "?Airflow's keys: get_fernet",
    "airflow.models.serialized_dag": "?rows of Airflow's database: SerializedDagModel",
    "airflow.models.dataset": "?rows of Airflow's database: DatasetModel DatasetEvent DatasetDagRunQueue",
    "airflow.models.asset": "?rows of Airflow's database: AssetModel AssetEvent",
    "airflow.models.errors": "?rows of Airflow's database: ImportError ParseImportError",
    "airflow.models.slamiss": "?rows of Airflow's database: SlaMiss",
    "airflow.models.log": "scheduler.compat.airflow.models: Log",
    "airflow.models.base": "?rows of Airflow's database: Base; scheduler.compat.airflow.models: ID_LEN",
    "airflow.models.expandinput": "scheduler.sdk.expansion: ExpandInput=Expansion",
    "airflow.models.trigger": "?rows of Airflow's database: Trigger",
}
