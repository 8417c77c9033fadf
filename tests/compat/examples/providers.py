"""Real providers of Airflow's, installed without Airflow, run real tasks: on SQLite, and on a local HTTP server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.integration.processes import DIRIGENT

PROVIDERS = ("sqlite", "http")
#: What the query and the request give.
ROWS = [[1, "a"], [2, "b"], [3, "c"]]
ANSWER = {"hello": "world"}
FILE = Path(__file__).with_name("provider_tasks.txt")
#: Run in an interpreter of its own, whose path the providers are on.
PROGRAM = """
import json, sys
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.variables import EnvironmentReader
(dag,) = load_file(sys.argv[1], "tasks.py", EnvironmentReader()).values()
result = dag.test(connections=json.loads(sys.argv[2]))
print(json.dumps([result.task_states, result.xcom("query"), result.xcom("get")]))
"""


def install(cache: Path) -> None:
    """Install the providers into `cache`/providers, as people do."""
    target = cache / "providers"
    if not target.exists():
        words = ["providers", "install", *PROVIDERS, "--target", str(target)]
        subprocess.run([*DIRIGENT, *words], check=True)


def run_tasks(cache: Path, folder: Path) -> str:
    """Run the tasks, and say that they did what they should."""
    (folder / "tasks.py").write_text(FILE.read_text())
    path = os.pathsep.join([*filter(None, sys.path), str(cache / "providers")])
    with _serving() as port:
        connections = {
            "shop": {"conn_id": "shop", "conn_type": "sqlite", "host": str(folder / "shop.db")},
            "web": {"conn_id": "web", "conn_type": "http", "host": "127.0.0.1", "port": port},
        }
        command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(folder), json.dumps(connections)]
        run = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    states, rows, answer = json.loads(run.stdout.splitlines()[-1])
    assert (set(states.values()), rows, answer) == ({"success"}, ROWS, ANSWER), (
        states,
        rows,
        answer,
        run.stderr,
    )
    return f"{len(states)} tasks of installed providers ({', '.join(PROVIDERS)}) succeeded"


@contextmanager
def _serving() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class _Hello(BaseHTTPRequestHandler):
    """Says hello in JSON."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"hello": "world"}')

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
