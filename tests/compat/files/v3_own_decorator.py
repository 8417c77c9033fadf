"""3.x: a task decorator of one's own, made as providers make theirs."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DecoratedOperator, task_decorator_factory
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task
from airflow.sdk.bases.decorator import TaskDecorator


class _ShoutOperator(DecoratedOperator, BashOperator):
    template_fields = (*DecoratedOperator.template_fields, *BashOperator.template_fields)
    custom_operator_name = "@task.shout"

    def __init__(self, *, python_callable, op_args, op_kwargs, sign="!", **kwargs) -> None:
        super().__init__(
            kwargs_to_upstream={"bash_command": "not made yet"},
            python_callable=python_callable,
            op_args=op_args,
            op_kwargs=op_kwargs,
            **kwargs,
        )
        self.sign = sign

    def execute(self, context):
        assert "def words(" in self.get_python_source() and "@shout" not in self.get_python_source()
        self.bash_command = f"echo {self.python_callable(**self.op_kwargs)}{self.sign}"
        return super().execute(context)


def shout(python_callable=None, multiple_outputs=None, **kwargs) -> TaskDecorator:
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=multiple_outputs,
        decorated_operator_class=_ShoutOperator,
        **kwargs,
    )


class _PlainOperator(DecoratedOperator):
    custom_operator_name = "@task.plain"


with DAG("v3_own_decorator", schedule=None):

    @shout(sign="?", retries=1)
    def words(text):
        """Say it."""
        return text

    @task
    def check(one, many):
        assert (one, list(many)) == ("loud?", ["a?", "b?"])

    def plain(value, ds=None):
        return value if ds else None

    made = task_decorator_factory(plain, decorated_operator_class=_PlainOperator)
    check(words("loud"), words.override(task_id="each").expand(text=["a", "b"])) >> made(3)
