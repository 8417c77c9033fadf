"""Answers are packed for those who can unpack them."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.webui.conftest import Browser

PACKED = {"Accept-Encoding": "gzip, br"}


@pytest.mark.parametrize("path", ["/dags", "/ui/dags/orders_hourly/grid"])
def test_an_answer_is_the_same_packed(person: Browser, path: str):
    plain, packed = person.get(path), person.get(path, **PACKED)
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data)


def test_a_file_of_the_page_is_packed_as_small_as_can_be(person: Browser):
    found = re.search(r'href="(/static/[^"]+\.css)"', person.get("/dags").text)
    assert found is not None
    with person.get(found[1], **PACKED) as packed, person.get(found[1]) as plain:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert int(packed.headers["Content-Length"]) == len(packed.data)


def test_a_page_is_packed_and_not_always_equally_long(person: Browser):
    lengths = {len(person.get("/dags", **PACKED).data) for _ in range(8)}
    assert max(lengths) < len(person.get("/dags").data) / 2
    assert len(lengths) > 1


def test_what_has_not_changed_is_not_sent(person: Browser):
    tag = person.get("/dags", **PACKED, **{"X-Fragment": "live"}).headers["ETag"]
    again = person.get("/dags", **PACKED, **{"X-Fragment": "live", "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
