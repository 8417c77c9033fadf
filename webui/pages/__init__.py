"""The pages: a blueprint a noun. A view asks and renders; writes go through `scheduler.operations`."""

from __future__ import annotations

from webui.pages import (
    artifacts,
    cancel,
    dag,
    dags,
    design,
    find,
    graph,
    grid,
    health,
    home,
    log,
    mark,
    metrics,
    pause,
    rerun,
    run,
    runs,
    sign_in,
    task,
    trigger,
)

BLUEPRINTS = (
    artifacts.blueprint,
    cancel.blueprint,
    dag.blueprint,
    dags.blueprint,
    design.blueprint,
    find.blueprint,
    graph.blueprint,
    grid.blueprint,
    health.blueprint,
    home.blueprint,
    log.blueprint,
    mark.blueprint,
    metrics.blueprint,
    pause.blueprint,
    rerun.blueprint,
    run.blueprint,
    runs.blueprint,
    sign_in.blueprint,
    task.blueprint,
    trigger.blueprint,
)
