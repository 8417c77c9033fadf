"""The ledger is read as it grows."""

from __future__ import annotations

import json
from dataclasses import asdict

from tests.chaos.ledger import Entry, Reader


def line(number: int) -> str:
    return json.dumps(asdict(Entry("begin", number, 1, "r", "t", "", 1, float(number)))) + "\n"


def test_each_line_is_read_once_and_none_before_it_is_whole(tmp_path):
    path = tmp_path / "ledger"
    reader = Reader(path)
    assert reader.more() == []
    path.write_text(line(1) + line(2)[:10])
    assert [entry.attempt_id for entry in reader.more()] == [1]
    path.write_text(line(1) + line(2) + line(3))
    assert [entry.attempt_id for entry in reader.more()] == [2, 3]
    assert reader.more() == []
