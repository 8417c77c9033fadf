"""What is dear to start is started by one process of a run."""

from __future__ import annotations

import re
from pathlib import Path

from tests.distributing import SHARING, shared_by

HERE = Path(__file__).parent
TEST = re.compile(r"^def (test_\w+)\(([^)]*)\)", re.MULTILINE)


def test_all_tests_of_the_embedded_server_go_to_one_process() -> None:
    """Each process that is given one keeps a server until the end of the run."""
    asking = [
        f"tests/integration/{file.name}::{name}"
        for file in sorted((HERE / "integration").glob("test_*.py"))
        for name, arguments in TEST.findall(file.read_text())
        if re.search(r"\bembedded\b", arguments)
    ]
    assert len(asking) > 20
    assert {shared_by(each) for each in asking} == {"embedded server"}


def test_whatever_stays_together_is_there() -> None:
    assert [start for start in SHARING if not (HERE.parent / start.partition("::")[0]).exists()] == []
