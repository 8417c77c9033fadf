"""The API against its own document: asked what that says may be asked, and what it says may not."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scheduler.store import Database
from tests.webui.conftest import StillClock, build
from tests.webui.test_accounts import add
from tests.webui.test_pages import FAILED_RUN_ID

#: What addresses name, so that most requests reach something.
THERE = {
    "dag_id": "orders_hourly",
    "dag_run_id": FAILED_RUN_ID,
    "task_id": "enrich.prices",
    "map_index": -1,
    "try_number": 1,
    "task_try_number": 1,
}
#: Waits for a run that another request may have queued again.
LEFT_OUT = {"wait_dag_run_until_finished"}
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 2


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_has_an_answer_that_the_document_does_not_tell_of(
    db: Database, clock: StillClock, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {add(db, clock, 'ada', 'Admin', password=None)}"}
    # It reads an answer as it comes over the wire.
    headers["Accept-Encoding"] = "identity"
    schema = schemathesis.openapi.from_wsgi("/openapi.json", build(db, clock), headers=headers)
    asked = 0
    for found in schema.get_all_operations():
        operation: Any = found.ok()
        if operation.definition.raw["operationId"] in LEFT_OUT:
            continue
        named = {name: THERE[name] for name in THERE if f"{{{name}}}" in operation.path}
        cases = operation.as_strategy(generation_mode=mode, path_parameters=named or None)

        @given(cases)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        ask()
        asked += 1
    assert asked > 40
