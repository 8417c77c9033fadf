"""The API in the shape of Airflow's `/api/v2`, over `webui.api.frame`; `own` is beside it.

`NOUNS` are the routes that the frame declares, of which the document is made; `BLUEPRINTS` are all of them.
"""

from __future__ import annotations

from webui.api import (
    asset_states,
    assets,
    auth,
    backfills,
    connections,
    dag_tasks,
    dags,
    event_logs,
    facts,
    hooks,
    logs,
    many,
    own,
    parsing,
    pools,
    questions,
    runs,
    servers,
    task_results,
    task_states,
    task_tries,
    tasks,
    variables,
    versions,
    xcoms,
)

NOUNS = (
    asset_states.routes,
    assets.routes,
    auth.routes,
    backfills.routes,
    connections.routes,
    dag_tasks.routes,
    dags.routes,
    event_logs.routes,
    facts.routes,
    logs.routes,
    many.routes,
    own.routes,
    parsing.routes,
    pools.routes,
    questions.routes,
    runs.routes,
    servers.routes,
    task_results.routes,
    task_states.routes,
    task_tries.routes,
    tasks.routes,
    variables.routes,
    versions.routes,
    xcoms.routes,
)
BLUEPRINTS = (
    *(each.blueprint for each in NOUNS),
    auth.doors,
    hooks.blueprint,
)
