"""Traces at a collector: run, task, attempt, and what the code of the attempt tells."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.integration.waiting import eventually
from tests.tracing.collector import attributes, collecting

DAGS = """
import os
from datetime import timedelta

from opentelemetry import trace
from scheduler import DAG, Variable, task

tracer = trace.get_tracer("shop")

with DAG("traced", schedule=None, default_args={"owner": "ann"}):
    @task
    def told():
        with tracer.start_as_current_span("count orders") as span:
            span.set_attribute("orders", 7)
            span.set_attribute("password", Variable.get("api_key"))
            with tracer.start_as_current_span("read one"):
                print("parent", os.environ["TRACEPARENT"])
                print("headers", os.environ.get("OTEL_EXPORTER_OTLP_HEADERS"))
                if os.fork() == 0:
                    with tracer.start_as_current_span("of a fork"):
                        pass
                    os._exit(0)
                os.wait()

    @task(retries=1, retry_delay=timedelta(seconds=0))
    def fails_once(**context):
        if context["ti"].try_number == 1:
            raise KeyError("currency")

    told() >> fails_once()
"""


@pytest.fixture
def collector():
    with collecting() as made:
        yield made


def test_user_code_attempt_task_and_run_are_one_trace_with_their_logs(new_project, collector):
    shop = new_project(otlp_url=collector.url)
    shop.write("traced.py", DAGS)
    server = shop.start(OTEL_EXPORTER_OTLP_HEADERS="x-key=canary-of-headers", OTEL_SERVICE_NAME="shop")
    shop.dirigent("variables", "set", "api_key", "very-secret-canary")
    run = shop.trigger("traced").until(within=60)
    eventually(lambda: "run traced" in collector.spans, told=shop.told)
    assert server.stop() == 0, server.output
    check_chain(collector.spans)
    check_words(collector.spans, run.run_id)
    check_lines(collector)
    assert {headers["x-key"] for headers in collector.headers} == {"canary-of-headers"}
    everything = "".join(map(str, [*collector.spans.values(), *collector.lines])) + run.log("told")
    assert "secret-canary" not in everything
    assert "canary-of-headers" not in everything


def check_chain(spans):
    chain = ["run traced", "task told", "attempt 1 of told", "count orders", "read one"]
    assert len({spans[name].trace_id for name in chain}) == 1
    assert spans["run traced"].parent_span_id == b""
    for above, below in pairwise(chain):
        assert spans[below].parent_span_id == spans[above].span_id, below
        assert spans[above].start_time_unix_nano <= spans[below].start_time_unix_nano
        assert spans[below].end_time_unix_nano <= spans[above].end_time_unix_nano
    assert "of a fork" not in spans


def check_words(spans, run_id):
    assert attributes(spans["run traced"])["dirigent.run_id"] == run_id
    assert attributes(spans["run traced"])["dirigent.owner"] == "ann"
    assert attributes(spans["count orders"])["orders"] == 7
    failed = spans["attempt 1 of fails_once"]
    assert failed.status.code == failed.status.STATUS_CODE_ERROR
    assert [each.name for each in failed.events] == ["claimed", "user code began", "exception"]
    assert spans["attempt 2 of fails_once"].status.code == failed.status.STATUS_CODE_OK


def check_lines(collector):
    lines = {line.body.string_value: line for line in collector.lines}
    [said] = [line for text, line in lines.items() if text.startswith("parent 00-")]
    span = collector.spans["attempt 1 of told"]
    assert (said.trace_id, said.span_id) == (span.trace_id, span.span_id)
    assert said.body.string_value.split("-")[2] == span.span_id.hex()
    assert attributes(said)["log.source"] == "stdout"
    assert any("leads" in text for text in lines), "the server's own log"


def test_a_collector_that_is_away_holds_up_nothing(new_project):
    shop = new_project(otlp_url="http://127.0.0.1:1")
    shop.write("traced.py", DAGS)
    server = shop.start()
    shop.dirigent("variables", "set", "api_key", "x")
    shop.trigger("traced").until(within=60)
    assert server.stop() == 0, server.output
