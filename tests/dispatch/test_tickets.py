import logging

import pytest

from scheduler.dispatch.tickets import CeleryPublish, check_broker
from scheduler.dispatch.transport import broker_at
from scheduler.errors import BrokerUnavailable

NOWHERE = ["redis://:canary@127.0.0.1:1/0", "amqp://me:canary@127.0.0.1:1//"]


@pytest.mark.parametrize("url", NOWHERE)
def test_a_broker_that_is_not_there_is_told_without_its_password(url, make_celery):
    with pytest.raises(
        BrokerUnavailable, match=r"127\.0\.0\.1:1.*cannot be reached.*DIRIGENT_BROKER_URL"
    ) as told:
        check_broker(make_celery(url))

    assert "canary" not in str(told.value)


def test_a_broker_that_is_there_is_accepted(broker_url, make_celery):
    check_broker(make_celery(broker_url))


@pytest.mark.parametrize("url", NOWHERE)
def test_ringing_at_a_broker_that_is_not_there_raises_nothing_and_is_logged_once(url, make_celery, caplog):
    caplog.set_level(logging.WARNING)
    publish = CeleryPublish(make_celery(url))
    for _ in range(100):
        publish.ring(["default"])
    while len(caplog.records) == 0:
        publish.ring(["default"])

    publish.close()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "canary" not in caplog.text


@pytest.mark.redis
def test_rings_at_a_broker_that_is_away_become_one_ticket_when_it_is_back(
    new_server, make_celery, make_publish
):
    server = new_server("redis")
    publish = make_publish(server.url)
    server.stop()
    for _ in range(50):
        publish.ring(["default"])
    server.start()

    celery = make_celery(server.url)
    with celery.connection_for_read() as connection, connection.channel() as channel:
        while (ticket := channel.basic_get("dirigent.default")) is None:
            pass
        assert ticket.payload[0] == ["default"]
        assert channel.basic_get("dirigent.default") is None


def test_only_json_is_accepted(make_celery):
    celery = make_celery("inproc://json")

    assert celery.conf.accept_content == ["json"]
    assert celery.conf.task_serializer == "json"
    assert not celery.conf.worker_enable_remote_control


def test_a_queue_of_this_process_that_holds_a_ticket_gets_no_second_one(make_publish):
    url = "inproc://holds-one"
    publish = make_publish(url)
    broker = broker_at("holds-one")
    publish.ring(["a"])
    while broker.size("dirigent.a") == 0:
        publish.ring(["b"])

    publish.ring(["a"])
    while broker.size("dirigent.b") == 0 or broker.size("dirigent.c") == 0:
        publish.ring(["a", "c"])

    assert (broker.size("dirigent.a"), broker.size("dirigent.b")) == (1, 1)
