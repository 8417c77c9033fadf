import socket
from functools import partial
from itertools import count
from threading import Event, Thread
from typing import Any

import pytest
from kombu import Connection, Consumer, Producer, Queue

from scheduler.dispatch import transport

_names = count()
QUEUE = Queue("q", routing_key="q")


@pytest.fixture
def url():
    transport.register()
    return f"inproc://test-{next(_names)}"


def connect(url) -> Any:
    return Connection(url)


def publish(url, *bodies):
    with connect(url) as connection, connection.channel() as channel:
        producer = Producer(channel)
        for body in bodies:
            producer.publish(body, routing_key="q", declare=[QUEUE])


def consume(url, number):
    got = []
    with connect(url) as connection, connection.channel() as channel:
        consumer = Consumer(channel, [QUEUE], callbacks=[lambda body, _: got.append(body)], no_ack=True)
        with consumer:
            while len(got) < number:
                connection.drain_events(timeout=30)
    return got


def test_messages_arrive_in_the_order_of_publishing(url):
    publish(url, *range(100))

    assert consume(url, 100) == list(range(100))


def test_many_producers_lose_nothing_and_repeat_nothing(url):
    producers = [Thread(target=publish, args=(url, *range(start, start + 50))) for start in range(0, 400, 50)]
    for producer in producers:
        producer.start()

    got = consume(url, 400)

    for producer in producers:
        producer.join()
    assert sorted(got) == list(range(400))


def test_each_producers_messages_keep_their_order(url):
    producers = [Thread(target=publish, args=(url, *range(start, start + 50))) for start in range(0, 200, 50)]
    for producer in producers:
        producer.start()

    got = consume(url, 200)

    for start in range(0, 200, 50):
        assert [body for body in got if start <= body < start + 50] == list(range(start, start + 50))


def test_a_message_wakes_a_consumer_that_waits_for_ever(url):
    waiting, heard = Event(), Event()

    def wait():
        with (
            Connection(url) as connection,
            connection.channel() as channel,
            Consumer(channel, [QUEUE]) as ear,
        ):
            ear.register_callback(lambda _, message: message.ack())
            waiting.set()
            connection.drain_events(timeout=None)
            heard.set()

    Thread(target=wait, daemon=True).start()
    assert waiting.wait(30)
    publish(url, "x")

    assert heard.wait(30)


def test_a_consumer_that_waits_for_ever_ends_when_woken(url):
    waiting, ended = Event(), Event()
    connection = connect(url)

    def wait():
        with connection.channel() as channel, Consumer(channel, [QUEUE]):
            waiting.set()
            with pytest.raises(socket.timeout):
                connection.drain_events(timeout=None)
            ended.set()

    Thread(target=wait, daemon=True).start()
    assert waiting.wait(30)
    connection.transport.wake()

    assert ended.wait(30)
    connection.close()


def test_a_wake_before_the_wait_is_not_lost(url):
    with connect(url) as connection, connection.channel() as channel, Consumer(channel, [QUEUE]):
        connection.transport.wake()

        with pytest.raises(socket.timeout):
            connection.drain_events(timeout=None)


def test_a_drain_without_messages_ends_after_its_timeout(url):
    with connect(url) as connection, connection.channel() as channel, Consumer(channel, [QUEUE]):
        drain = partial(connection.drain_events, timeout=0.01)
        with pytest.raises(socket.timeout):
            drain()


def test_what_was_not_acknowledged_is_delivered_again_when_the_connection_closes(url):
    publish(url, "x")
    with connect(url) as connection, connection.channel() as channel:
        assert channel.basic_get("q").payload == "x"
        assert channel.basic_get("q") is None

    assert consume(url, 1) == ["x"]


def test_a_message_put_back_goes_to_the_other_consumer(url):
    publish(url, "x")
    with connect(url) as connection, connection.channel() as channel:
        channel.basic_get("q").reject(requeue=True)

        assert consume(url, 1) == ["x"]


def test_brokers_of_different_names_share_nothing(url):
    publish(url, "x")

    other = transport.broker_at("another")

    assert not other.has("q")
    assert transport.broker_at(url.removeprefix("inproc://")).size("q") == 1


def test_a_purged_queue_is_empty_and_a_deleted_one_is_gone(url):
    publish(url, 1, 2, 3)
    broker = transport.broker_at(url.removeprefix("inproc://"))
    with connect(url) as connection, connection.channel() as channel:
        assert channel.queue_purge("q") == 3
        assert (broker.size("q"), broker.has("q")) == (0, True)
        broker.delete("q")

    assert not broker.has("q")
