"""What the tests of hooks share."""

from __future__ import annotations

import pytest

from scheduler import DAG


@pytest.fixture
def dag():
    with DAG("d") as declared:
        yield declared
