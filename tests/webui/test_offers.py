"""What a page offers is open to whom it is shown."""

from __future__ import annotations

import re

from flask import Flask

from scheduler.security.rights import ROLES
from scheduler.store import Database
from tests.webui.conftest import Browser, StillClock
from tests.webui.test_accounts import add, enter
from webui.rights import declared

PAGES = (
    "/", "/dags", "/runs", "/assets", "/dashboard", "/alerts", "/required_actions", "/variables", "/connections",
    "/pools", "/dags/orders_hourly", "/dags/orders_hourly/runs", "/dags/orders_hourly/backfills",
)  # fmt: skip
OFFERED = re.compile(r'(?:action|formaction|data-sheet href|data-sheet data-key="\w" href)="(/[^"?]*)')


def _endpoints(app: Flask, text: str) -> set[str]:
    router = app.url_map.bind("x")
    return {
        str(router.match(address, method=method)[0])
        for address in OFFERED.findall(text)
        for method in ("GET", "POST")
        if router.test(address, method)
    }


def test_no_role_is_offered_what_would_be_refused(app: Flask, db: Database, clock: StillClock) -> None:
    offered = {}
    for role in ("Viewer", "User"):
        add(db, clock, role, role)
        person, _ = enter(app, role)
        offered[role] = _offered(app, person)
        for endpoint in offered[role]:
            assert set(declared(app, endpoint) or ()) <= ROLES[role], endpoint
    assert "trigger.form" in offered["User"]


def _offered(app: Flask, person: Browser) -> set[str]:
    return {endpoint for page in PAGES for endpoint in _endpoints(app, person.get(page).text)}
