"""Values too large for the database travel by files that all workers reach."""

from __future__ import annotations

import json

import pandas as pd
import sqlalchemy as sa

from scheduler.store.tables import xcom


def test_a_frame_travels_as_parquet_and_goes_with_its_dag(new_project, tmp_path):
    shop = new_project(xcom_url=f"file://{tmp_path}/values", xcom_threshold_bytes="1000")
    shop.write(
        "frames.py",
        """
        import pandas as pd
        from scheduler import DAG, task

        with DAG("frames", schedule=None):
            @task
            def load():
                return pd.DataFrame({"n": range(1000)})

            @task
            def add(frame, ti):
                ti.xcom_push("rows", list(range(1000)))
                print("total", frame["n"].sum(), len(ti.xcom_pull("add", key="rows")))

            add(load())
        """,
    )
    shop.start()
    run = shop.trigger("frames").until("success")
    assert "total 499500 1000" in run.log("add")
    (parquet,) = (tmp_path / "values").rglob("*.parquet")
    assert pd.read_parquet(parquet)["n"].sum() == 499500
    kept = [json.loads(row.value) for row in shop.record.rows(sa.select(xcom.c.value))]
    assert sorted(each["value"]["bytes"] for each in kept) == sorted(
        each.stat().st_size for each in (tmp_path / "values").rglob("*.*-*")
    )
    shop.write("frames.py", "")
    shop.dirigent("dags", "delete", "frames", "--yes")
    assert list((tmp_path / "values").iterdir()) == []
