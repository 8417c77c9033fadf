"""Brokers and publishers for the tests of this folder."""

from itertools import count

import pytest

from scheduler.config import load_settings
from scheduler.dispatch.tickets import CeleryPublish, create_celery

_names = count()


@pytest.fixture(
    params=[
        "inproc",
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ]
)
def broker_url(request):
    """A broker of each kind."""
    if request.param == "inproc":
        return f"inproc://dispatch-{next(_names)}"
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ]
)
def shared_broker_url(request):
    """A broker that several processes can reach."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def queue():
    """A queue that no other test uses: brokers are shared by the session."""
    return f"q{next(_names)}"


@pytest.fixture
def make_celery(tmp_path):
    def make(url):
        return create_celery(load_settings({"DIRIGENT_BROKER_URL": url}, tmp_path))

    return make


@pytest.fixture
def make_publish(make_celery):
    """Publishers, closed at the end."""
    made = []

    def make(url):
        publish = CeleryPublish(make_celery(url))
        made.append(publish)
        return publish

    yield make
    for publish in made:
        publish.close()
