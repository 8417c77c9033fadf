"""Large values are files of their task, and come back as they were; a reference reaches no other file."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from scheduler.errors import ArchiveUnavailable, BadSetting, NotFound
from scheduler.payloads import Owner, Payloads, is_reference
from scheduler.sdk.xcom import decode, encode

OWNER = Owner("shop", "manual__2026-11-22T00:00:00+00:00", "load.rows", "7.1")
ROWS = [{"n": n} for n in range(50)]


@pytest.fixture
def payloads(tmp_path):
    return Payloads(f"file://{tmp_path}/values", threshold=100)


def files(tmp_path):
    return sorted(
        str(each.relative_to(tmp_path / "values"))
        for each in (tmp_path / "values").rglob("*")
        if each.is_file()
    )


def test_a_small_value_stays_where_it_is(payloads, tmp_path):
    assert payloads.park(OWNER, "return_value", [1]) == [1]
    assert files(tmp_path) == []
    assert payloads.fetch(OWNER, [1]) == [1]


def test_a_large_value_is_a_file_and_comes_back(payloads, tmp_path):
    kept = payloads.park(OWNER, "return_value", ROWS)
    (name,) = files(tmp_path)
    assert json.loads((tmp_path / "values" / name).read_text()) == ROWS
    size = len(json.dumps(ROWS, separators=(",", ":")))
    assert kept["value"] == {"name": name, "bytes": size, "length": len(ROWS)}
    assert payloads.fetch(OWNER, json.loads(json.dumps(kept))) == ROWS


def test_a_frame_is_parquet_that_others_can_read(payloads, tmp_path):
    frame = pd.DataFrame({"n": range(9), "word": "x"})
    kept = payloads.park(OWNER, "a/b", encode(frame))
    (name,) = files(tmp_path)
    assert name == "shop/manual__2026-11-22T00:00:00+00:00/load.rows/7.1-a%2Fb.parquet"
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "values" / name), frame)
    assert kept["value"]["about"] == {"rows": 9, "columns": ["n", "word"]}
    pd.testing.assert_frame_equal(decode(payloads.fetch(OWNER, kept)), frame)


def test_the_attempts_of_a_task_do_not_overwrite_each_other(payloads, tmp_path):
    first = payloads.park(OWNER, "key", ROWS)
    payloads.park(Owner(OWNER.dag_id, OWNER.run_id, OWNER.task_id, "8.1"), "key", ROWS[::-1])
    assert payloads.fetch(OWNER, first) == ROWS


@pytest.mark.parametrize("name", ["../secret.json", "shop/other/load.rows/7.1-x.json", "/etc/passwd"])
def test_a_reference_to_what_is_not_its_tasks_own_is_refused(payloads, tmp_path, name):
    (tmp_path / "secret.json").write_text("1")
    with pytest.raises(NotFound, match=r"payload of task load.rows"):
        payloads.fetch(OWNER, {"__type__": "payload", "value": {"name": name, "bytes": 1}})


def test_a_reference_cannot_climb_out_of_its_tasks_folder(payloads, tmp_path):
    (tmp_path / "values" / "secret.json").write_text("1")
    name = f"{OWNER.folder}../../../secret.json"
    with pytest.raises(NotFound):
        payloads.fetch(OWNER, {"__type__": "payload", "value": {"name": name, "bytes": 1}})


def test_a_file_that_is_gone_is_named_with_its_place(payloads, tmp_path):
    kept = payloads.park(OWNER, "key", ROWS)
    (tmp_path / "values" / kept["value"]["name"]).unlink()
    with pytest.raises(NotFound, match=f"There is no payload of task load.rows at file://{tmp_path}/values"):
        payloads.fetch(OWNER, kept)


def test_the_values_of_one_run_go_and_those_of_others_stay(payloads, tmp_path):
    payloads.park(OWNER, "key", ROWS)
    other = payloads.park(Owner("shop", "manual__2", "load.rows", "9.1"), "key", ROWS)
    payloads.drop("shop", OWNER.run_id)
    payloads.drop("shop", "never_had_any")
    assert files(tmp_path) == [other["value"]["name"]]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    payloads = Payloads(f"file://{tmp_path}/values", threshold=0)
    (tmp_path / "values").rmdir()
    (tmp_path / "values").write_text("in the way")
    with pytest.raises(ArchiveUnavailable, match=f"file://{tmp_path}/values cannot be reached"):
        payloads.park(OWNER, "key", ROWS)


def test_an_address_that_keeps_nothing_is_refused_by_its_setting():
    with pytest.raises(BadSetting, match="DIRIGENT_XCOM_URL"):
        Payloads("memory://values", 0)


def test_what_looks_like_a_reference_to_a_user_is_none():
    mine = {"__type__": "payload", "value": 1}
    assert not is_reference(encode(mine))
    assert decode(encode(mine)) == mine


def test_parquet_is_only_carried(payloads):
    """What is no Parquet at all passes through a server, which never reads it."""
    odd = encode(pd.DataFrame({"n": range(50)}))
    odd["value"]["parquet"] = "AAAA" * 50
    kept = payloads.park(OWNER, "key", odd)
    assert payloads.fetch(OWNER, kept) == odd
    with pytest.raises(Exception, match="Parquet"):
        pd.read_parquet(io.BytesIO(b"\0" * 150))
