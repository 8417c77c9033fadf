"""2.x: params with JSON schema, a trigger form, rendering to Python values, template_searchpath."""

from datetime import datetime
from pathlib import Path

from airflow.decorators import dag, task
from airflow.models.param import Param, ParamsDict


@dag(
    start_date=datetime(2021, 1, 1),
    schedule=None,
    params={"n": Param(2, type="integer", minimum=1), "names": ["a", "b"], "when": Param("2021-01-01", type="string", format="date")},
    render_template_as_native_obj=True,
    template_searchpath=[str(Path(__file__).parent)],
    doc_md=__doc__,
    default_view="grid",
)
def v2_params_and_native():
    @task(templates_dict={"names": "{{ params.names }}"}, retries=1)
    def show(n, params=None, templates_dict=None, **kwargs):
        assert n == 2
        assert params["names"] == templates_dict["names"] == ["a", "b"]
        return kwargs["dag_run"].conf

    show("{{ params.n }}")


v2_params_and_native()
assert ParamsDict({"a": 1}).dump() == {"a": 1}
