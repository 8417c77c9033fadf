"""Where the small endpoint of a server listens."""

from __future__ import annotations

from functools import partial

import pytest

from scheduler.cli.parts.endpoint import bind_endpoint
from scheduler.config import load_settings
from scheduler.errors import BadSetting


@pytest.fixture
def settings(tmp_path):
    return partial(load_settings, {}, tmp_path)


def test_there_is_none_unless_it_is_asked_for(settings):
    assert bind_endpoint(settings()) is None


def test_beyond_loopback_it_wants_a_token(settings):
    with pytest.raises(BadSetting, match="set DIRIGENT_METRICS_TOKEN too"):
        bind_endpoint(settings(metrics_port=0, metrics_host="0.0.0.0"))


def test_with_a_token_it_listens_where_it_is_told(settings):
    listener = bind_endpoint(settings(metrics_port=0, metrics_host="0.0.0.0", metrics_token="x" * 16))
    assert listener is not None
    with listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_a_port_that_is_taken_is_refused_by_the_name_of_its_setting(settings):
    first = bind_endpoint(settings(metrics_port=0))
    assert first is not None
    with first, pytest.raises(BadSetting, match=f"DIRIGENT_METRICS_PORT={first.getsockname()[1]}"):
        bind_endpoint(settings(metrics_port=first.getsockname()[1]))
