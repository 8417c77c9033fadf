"""The page of all metrics, `docs/metrics.md`: printed from their declarations.

python -m scheduler.metrics.reference > docs/metrics.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from scheduler.metrics import instruments, state
from scheduler.metrics.catalogue import CATALOGUE, Described

HEAD: Final = f"""# Metrics

Every process of Dirigent tells what it does in Prometheus' text form, at `/metrics`:

| process | where |
|---|---|
| `dirigent up`, `dirigent web` | on the page's own port, for who is signed in and programs that carry the token |
| each of them, `dirigent scheduler`, `dirigent worker`, `celery -A scheduler.dispatch worker` | on a small endpoint \
of its own, where `DIRIGENT_METRICS_PORT` is set |

Scrape every process: counters and histograms belong to the process that raised them, so sum them over all (`sum by
(state) (rate(dirigent_task_state_changes_total[5m]))`). The gauges of the database are told by every page and
scheduler alike: take `max by (queue) (dirigent_queue_waiting_tasks)`. They cost ten statements over what is active,
at most every five seconds however many ask; nothing else that is scraped costs a statement.

```yaml
scrape_configs:
  - job_name: dirigent
    authorization: {{credentials_file: /etc/prometheus/dirigent-token}}   # what DIRIGENT_METRICS_TOKEN holds
    static_configs:
      - targets: [scheduler-1:9464, worker-1:9464, worker-2:9464, web-1:9464]
```

`DIRIGENT_METRICS_HOST` is 127.0.0.1 unless set, and another address needs `DIRIGENT_METRICS_TOKEN`
([security.md](security.md)). A dashboard for Grafana, alert rules that use these names and Prometheus' own settings lie
in `deploy/grafana` and `deploy/prometheus`.

Labels take few values. Where people choose them they are bounded: `dag_id` on `dirigent_dag_runs_finished_total`
alone, the first {instruments.MOST_DAGS} DAGs that a process meets, `queue` the first {instruments.MOST_QUEUES}
queues, all later ones together as `other`; `pool` and `worker` as many as there are pools and live workers. No metric
carries a run, a task or an attempt: those stand in the servers' log (`DIRIGENT_LOG_FORMAT=json`).

## Autoscaling

`GET /scaling`, beside `/metrics` and as guarded, tells the same as JSON for autoscalers:

```json
{{"queues": {{"default": {{"waiting": 12, "queued": 8, "scheduled": 40, "running": 8, "slots": 8, "oldest_seconds": 1.7,
                       "desired_slots": 20}}}},
 "waiting": 12, "running": 8, "desired_slots": 20, "slots": 8, "workers": 1}}
```

`waiting` is what free slots alone would let run: tasks that a pool or `max_active_tasks` holds back are in
`scheduled` only, as more workers would not help them. With KEDA, workers of 8 slots each:

```yaml
triggers:
  - type: metrics-api
    metadata:
      url: http://dirigent-scheduler:9464/scaling
      valueLocation: queues.default.desired_slots
      targetValue: "8"
      authMode: bearer
    authenticationRef: {{name: dirigent-metrics-token}}
```

A worker scales itself between a ceiling and a floor with `dirigent worker --autoscale 16,2`: by what is queued for it
and by the memory that is free, down again after a minute in which it did not need its slots.

## Health

`/health` (and `/health/ready`) is 200 while every part of the process makes progress, else 503; the answer names the
parts and since when one is late. A part is late after `DIRIGENT_HEALTH_LATE_S` (30 s) without progress, or after
three of its own intervals where those are longer. A database or broker that is away turns it red, and it turns green
by itself. `/health/live` asks less: it is 503 only where a loop has not even come round for four times as long, which
a restart mends and waiting does not. Use the first as readiness probe, the second as liveness probe; `dirigent
health` and `dirigent health --live` ask the server of this host where there is no HTTP client. All three are for
everybody, and ask no database: it might hang.

## The servers' own log

`DIRIGENT_LOG_FORMAT=json` has servers write one JSON object a line to standard error:

```json
{{"at": "2026-11-21T14:03:11.123+00:00", "level": "info", "logger": "scheduler.dispatch.tally",
 "message": "attempt 7 ended as failed", "dag_id": "shop", "run_id": "manual__1", "task_id": "pay", "attempt_id": 7,
 "try_number": 1, "state": "failed", "pid": 311, "thread": "worker"}}
```

Lines about an attempt carry `dag_id`, `run_id`, `task_id`, `path`, `attempt_id` and `try_number`; an error its
`exception`. Attempts that failed, were lost or cancelled are told at level INFO, claims and all other ends at DEBUG.
What tasks write is no part of it: that stands in the logs of their attempts. A worker that Celery's own command
started logs as Celery says.
"""


def known_metrics() -> tuple[Described, ...]:
    """Return all metrics that there are."""
    return tuple(CATALOGUE.values())


def metrics_page() -> str:
    """Return the page."""
    of_state = {each.name for each in vars(state).values() if isinstance(each, Described)}
    own = [each for each in known_metrics() if each.name not in of_state]
    read = [each for each in known_metrics() if each.name in of_state]
    return "\n".join(
        [
            HEAD,
            "## Counted and timed by each process",
            "",
            *_table(own),
            "",
            "## Read when asked",
            "",
            *_table(read),
            "",
        ]
    )


def _table(metrics: Iterable[Described]) -> list[str]:
    rows = [
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} | {each.meaning} |"
        for each in metrics
    ]
    return ["| name | kind | labels | meaning |", "|---|---|---|---|", *rows]


if __name__ == "__main__":
    sys.stdout.write(metrics_page())
