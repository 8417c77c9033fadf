"""What asks a live Airflow, against addresses and answers that are none, or mean harm."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scheduler.cli.airflow.api import Airflow
from scheduler.cli.airflow.link import Link
from scheduler.errors import BadExport

SECRET = "hunter-two-two"


@pytest.fixture
def serving():
    """Serve answers by path: what JSON is made of, bytes, or an address to go to."""
    servers = []

    def serve(answers):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(answers.get(self.path.partition("?")[0], {}))

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def answer(self, told):
                self.send_response(308 if isinstance(told, str) else 200)
                if isinstance(told, str):
                    self.send_header("Location", told)
                body = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *args):
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "url", ["ftp://x", "airflow.example.org", "http://", f"me:{SECRET}@host", "http://["]
)
def test_what_is_no_address_of_a_page_is_refused_without_its_password(url):
    with pytest.raises(BadExport, match="is no address of a page, such as") as raised:
        Link(url)
    assert SECRET not in str(raised.value)


def test_a_redirect_is_named_and_not_followed(serving):
    elsewhere = serving({"/auth/token": {"access_token": "taken"}})
    url = serving(
        {"/api/v2/version": {}, "/auth/token": f"{elsewhere.replace('//', f'//me:{SECRET}@')}/auth/token"}
    )
    with pytest.raises(BadExport, match=r"leads to '127.0.0.1:.*', which is not followed") as raised:
        Airflow(url, user="me", password=SECRET)
    assert SECRET not in str(raised.value)


def test_no_more_is_read_of_an_answer_than_an_airflow_would_say(serving):
    with pytest.raises(BadExport, match="answers with more than 1,000 bytes"):
        Link(serving({"/": b"x" * 70_000}), largest_bytes=1000).ask("GET", "/")


@pytest.mark.parametrize(
    "told",
    [
        {"pools": [3], "total_entries": 1},
        {"pools": [{"slots": 1}], "total_entries": 1},
        {"pools": [{"name": ["x"]}], "total_entries": 1},
        {"pools": [{"name": "x", "slots": 1}], "total_entries": "many"},
        {"pools": {}},
        [],
    ],
)
def test_an_answer_of_another_shape_is_told_in_one_line(serving, told):
    url = serving({"/api/v2/version": {}, "/api/v2/pools": told})
    with pytest.raises(BadExport, match="answers pools with something else than Airflow's API does"):
        Airflow(url).goods(["pools"])


def test_an_answer_that_nests_without_end_is_no_answer(serving):
    url = serving({"/api/v2/version": {}, "/api/v2/pools": b"[" * 200_000})
    with pytest.raises(BadExport, match="does not answer in JSON"):
        Airflow(url).goods(["pools"])
