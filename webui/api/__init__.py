"""The API in the shape of Airflow's `/api/v2`: what the pages and simple clients need so far; `own` is beside it."""

from __future__ import annotations

from webui.api import assets, dags, hooks, monitor, own, questions, runs, tasks

BLUEPRINTS = (
    assets.blueprint,
    dags.blueprint,
    hooks.blueprint,
    monitor.blueprint,
    own.blueprint,
    questions.blueprint,
    runs.blueprint,
    tasks.blueprint,
)
