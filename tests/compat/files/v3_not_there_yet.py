"""3.x: names of what Dirigent lacks can be imported, subclassed and named in annotations."""

from __future__ import annotations

from airflow.sdk import DAG, Asset, PartitionMapper, task


class Mine(PartitionMapper):
    def to_downstream(self, key: str) -> Asset | None:
        return None


@task
def one(of: Asset | None = None):
    assert not isinstance(of, Asset)


with DAG("v3_not_there_yet", schedule=None):
    one()
