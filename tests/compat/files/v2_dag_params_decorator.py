"""2.x: a @dag function with arguments, a file with two ways to end: a script, and a test."""

from datetime import datetime

from airflow.decorators import dag, task
from airflow.models import XComArg


@dag("v2_dag_params_decorator", schedule=None, start_date=datetime(2021, 1, 1), tags={"a", "b"}, owner_links={"me": "x"})
def pipeline(email: str = "me@example.com", retries=None):
    @task.python(show_return_value_in_log=False)
    def address(email, params=None):
        assert params["email"] == email == "me@example.com"
        return {"to": email}

    @task(task_id="other_id", pool="default_pool", trigger_rule="all_success", do_xcom_push=False)
    def use(address: dict, subject="x"):
        assert address["to"].startswith("me")

    made = address(email)
    assert isinstance(made, XComArg)
    use.override(task_id="renamed")(made)


made = pipeline()
if __name__ == "__main__":
    made.test()
