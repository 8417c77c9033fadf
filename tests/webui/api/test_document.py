"""The API against its own document: asked what that says may be asked, and what it says may not."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scheduler.operations.accounts import create_account
from scheduler.operations.api_tokens import create_token
from scheduler.store import Database
from scheduler.store.tables import asset
from tests.webui import seed
from tests.webui.api.test_client import TRIALS
from tests.webui.conftest import StillClock, build
from tests.webui.test_actions import LIVE_RUN_ID
from tests.webui.test_pages import FAILED_RUN_ID
from tests.webui.test_questions import ASKS, TASK, _ask

#: What addresses name, so that most requests reach something.
THERE = {
    "dag_id": "orders_hourly",
    "dag_run_id": FAILED_RUN_ID,
    "task_id": "enrich.prices",
    "map_index": -1,
    "try_number": 1,
    "task_try_number": 1,
    "key": "k",
    "asset_id": 1,
}
#: The run whose task asks something.
ASKING = {"dag_run_id": LIVE_RUN_ID, "task_id": TASK}
#: Waits for a run that another request may have queued again.
LEFT_OUT = {"wait_dag_run_until_finished"}
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: Who else asks the same before, and how: whoever may do little is told so, and nothing breaks on the way there.
ASKED = [
    (GenerationMode.POSITIVE, "Admin", ("dag.read", "dag.run")),
    (GenerationMode.NEGATIVE, "Viewer", ()),
]
EXAMPLES = 1


def _headers(
    db: Database, clock: StillClock, name: str, role: str, rights: tuple[str, ...]
) -> dict[str, str]:
    with db.write() as session:
        create_account(session, clock.now(), name, roles=[role], is_service=True, actor="cli")
        made = create_token(session, clock.now(), name, "t", lasts=None, rights=rights, actor="cli")
    # It reads an answer as it comes over the wire.
    return {"Authorization": f"Bearer {made.token}", "Accept-Encoding": "identity"}


@pytest.mark.parametrize(("mode", "role", "rights"), ASKED)
def test_no_request_has_an_answer_that_the_document_does_not_tell_of(
    db: Database, clock: StillClock, mode: GenerationMode, role: str, rights: tuple[str, ...]
) -> None:
    little = _headers(db, clock, "eve", role, rights)
    headers = _headers(db, clock, "ada", "Admin", ())
    _ask(db, ASKS)
    with db.write() as session:
        session.execute(
            sa.insert(asset).values(name="prices", uri="s3://prices", extra={}, updated_at=seed.NOW)
        )
    app = build(db, clock, trials=TRIALS)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, headers=headers)
    asked = 0
    for found in schema.get_all_operations():
        operation: Any = found.ok()
        if operation.definition.raw["operationId"] in LEFT_OUT:
            continue
        there = THERE | ASKING if "hitlDetails" in operation.path else THERE
        named = {name: there[name] for name in there if f"{{{name}}}" in operation.path}
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
            for each in (little, headers):
                case.call_and_validate(headers=each, checks=CHECKS)

        ask()
        asked += 1
    assert asked > 120
