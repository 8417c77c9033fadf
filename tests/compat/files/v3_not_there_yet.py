"""3.x: names of what Dirigent lacks can be imported, subclassed and named in annotations."""

from __future__ import annotations

from airflow.models.asset import AssetModel
from airflow.sdk import DAG, task


class Mine(AssetModel):
    def to_downstream(self, key: str) -> AssetModel | None:
        return None


@task
def one(of: AssetModel | None = None):
    assert not isinstance(of, AssetModel)


with DAG("v3_not_there_yet", schedule=None):
    one()
