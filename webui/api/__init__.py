"""The API in the shape of Airflow's `/api/v2`, over `webui.api.frame`; `own` is beside it.

`NOUNS` are the routes that the frame declares, of which the document is made; `BLUEPRINTS` are all of them.
"""

from __future__ import annotations

from webui.api import (
    assets,
    auth,
    backfills,
    dag_tasks,
    dags,
    hooks,
    import_errors,
    logs,
    monitor,
    own,
    questions,
    runs,
    tasks,
    xcoms,
)

NOUNS = (
    backfills.routes,
    dag_tasks.routes,
    dags.routes,
    logs.routes,
    runs.routes,
    tasks.routes,
    xcoms.routes,
)
BLUEPRINTS = (
    *(each.blueprint for each in NOUNS),
    assets.blueprint,
    auth.blueprint,
    hooks.blueprint,
    import_errors.blueprint,
    monitor.blueprint,
    own.blueprint,
    questions.blueprint,
)
