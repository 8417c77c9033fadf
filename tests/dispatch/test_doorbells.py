from collections.abc import Callable
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Event
from time import monotonic
from typing import Any

import pytest
from celery.worker import WorkController
from kombu import Producer

from scheduler.dispatch.doorbells import REFUSED_POOL, SILENT_AFTER_S, Doorbells
from scheduler.dispatch.tickets import RING, publish_ticket, queue_of
from tests.dispatch.remote import remote_consumer


@contextmanager
def listening(celery, *queues):
    """Doorbells that put what they hear into a queue."""
    heard: Queue[str] = Queue()
    doorbells = Doorbells(celery, queues, heard.put)
    doorbells.start()
    assert doorbells.ready.wait(20)
    try:
        yield doorbells, heard
    finally:
        doorbells.stop()


def waiting(celery, queue):
    """How many tickets wait at the broker."""
    with celery.connection_for_read() as connection, connection.channel() as channel:
        declared: Any = queue_of(queue)(channel).queue_declare()
        return declared.message_count


def left_behind(celery, queue):
    """What lies in the queue, taken out of it: one text a message."""
    with celery.connection_for_read() as connection, connection.channel() as channel:
        messages = iter(lambda: queue_of(queue)(channel).get(no_ack=True), None)
        return [str(message.body) for message in messages]


def test_a_ticket_is_heard(broker_url, queue, make_celery, make_publish):
    with listening(make_celery(broker_url), queue) as (_, heard):
        make_publish(broker_url).ring([queue])

        assert heard.get(timeout=20) == queue


def test_each_queue_rings_by_its_own_name(broker_url, make_celery, make_publish):
    with listening(make_celery(broker_url), "left", "right") as (_, heard):
        make_publish(broker_url).ring(["left", "right"])

        assert {heard.get(timeout=20), heard.get(timeout=20)} == {"left", "right"}


def test_a_ticket_for_a_paused_worker_waits_at_the_broker(broker_url, queue, make_celery, make_publish):
    celery = make_celery(broker_url)
    publish = make_publish(broker_url)
    with listening(celery, queue) as (doorbells, heard):
        doorbells.pause()
        publish.ring([queue])
        with pytest.raises(Empty):
            heard.get(timeout=1.5)
        assert waiting(celery, queue) == 1

        doorbells.resume()

        assert heard.get(timeout=20) == queue
    # It is acknowledged after it was heard, so it may come again; it does not multiply.
    assert waiting(celery, queue) <= 1


def test_pausing_and_resuming_in_quick_turns_loses_no_ticket(broker_url, queue, make_celery, make_publish):
    publish = make_publish(broker_url)
    with listening(make_celery(broker_url), queue) as (doorbells, heard):
        for _ in range(20):
            doorbells.pause()
            publish.ring([queue])
            doorbells.resume()
            assert heard.get(timeout=20) == queue


def test_the_idle_one_of_two_workers_gets_every_ticket(shared_broker_url, queue, make_publish):
    publish = make_publish(shared_broker_url)
    with (
        remote_consumer(shared_broker_url, queue) as busy,
        remote_consumer(shared_broker_url, queue) as idle,
    ):
        for _ in range(2):
            busy.tell("pause")
            for _ in range(20):
                publish.ring([queue])
                idle.expect("heard", queue)
            assert busy.hears_nothing(timeout=0.1)
            busy.tell("resume")
            busy, idle = idle, busy


def test_the_idle_one_of_two_workers_in_one_process_gets_every_ticket(queue, make_celery, make_publish):
    url = "inproc://two-workers"
    with (
        listening(make_celery(url), queue) as (busy, parked),
        listening(make_celery(url), queue) as (_, heard),
    ):
        busy.pause()
        for _ in range(20):
            make_publish(url).ring([queue])
            assert heard.get(timeout=20) == queue
        assert parked.empty()


@pytest.mark.parametrize("words", [{"form": 2}, {"form": 2, "of_tomorrow": [1]}, {"of_tomorrow": 1}], ids=str)
@pytest.mark.parametrize("arguments", [[], ["{queue}"], ["{queue}", "more"]], ids=len)
def test_a_ticket_of_a_newer_release_rings_too(queue, make_celery, words, arguments):
    celery = make_celery(f"inproc://newer-{queue}")
    given = [each.format(queue=queue) for each in arguments]
    with listening(celery, queue) as (_, heard):
        celery.send_task(RING, given, words, queue=queue_of(queue))
        if "form" in words or arguments:
            assert heard.get(timeout=20) in (queue, "")


GARBAGE = {
    "no JSON": {"body": b"{", "content_type": "application/json", "content_encoding": "utf-8"},
    "a pickle": {"body": b"\x80\x04N.", "content_type": "application/x-python-serialize"},
    "binary": {"body": b"\xff\x00", "content_type": "application/octet-stream"},
    "a number": {"body": 5},
    "null": {"body": None},
    "an older form": {"body": {"task": RING, "id": "1", "args": ["q"], "color": "red"}},
    "fields that nobody knows": {
        "body": [["q"], {}, {"a": 1}],
        "headers": {"task": RING, "id": "1", "b": {}},
    },
    "another task": {"body": [[], {}, {}], "headers": {"task": "os.system", "id": "1"}},
    "too few arguments": {"body": [[], {}, {}], "headers": {"task": RING, "id": "1"}},
    "an argument of another type": {"body": [[{"a": 1}], {}, {}], "headers": {"task": RING, "id": "1"}},
    "limits that are none": {
        "body": [["q"], {}, {}],
        "headers": {"task": RING, "id": "1", "timelimit": "abc"},
    },
    "a date that is none": {"body": [["q"], {}, {}], "headers": {"task": RING, "id": "1", "eta": "x"}},
    "calls to follow it": {
        "body": [["q"], {}, {"callbacks": [{"task": "os.system", "args": ["x"]}], "chain": [{"task": "x"}]}],
        "headers": {"task": RING, "id": "1"},
    },
    "a queue that is not served": {"body": [["x" * 10_000], {}, {}], "headers": {"task": RING, "id": "1"}},
}


@pytest.mark.parametrize("message", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_dropped_and_the_next_ticket_heard(broker_url, queue, message, make_celery):
    celery = make_celery(broker_url)
    with listening(celery, queue) as (_, heard):
        with celery.connection_for_write() as connection, connection.channel() as channel:
            target = queue_of(queue)
            Producer(channel).publish(**message, routing_key=target.name, declare=[target])
        publish_ticket(celery, queue)

        assert heard.get(timeout=20) == queue
    # The ticket itself may come again: it is acknowledged after it was heard.
    assert all(f'"{queue}"' in ticket for ticket in left_behind(celery, queue))


@pytest.mark.redis
@pytest.mark.parametrize("raw", ["x", "[]", "null", '{"body": 5, "headers": 5, "properties": 5}'])
def test_what_is_no_message_at_all_silences_nobody(redis_url, queue, raw, make_celery):
    celery = make_celery(redis_url)
    with listening(celery, queue) as (_, heard):
        with celery.connection_for_write() as connection, connection.channel() as channel:
            channel.client.lpush(queue_of(queue).name, raw)
        publish_ticket(celery, queue)
        assert heard.get(timeout=20) == queue


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "times"),
    [
        pytest.param("redis", 5, marks=pytest.mark.redis),
        pytest.param("rabbitmq", 1, marks=pytest.mark.rabbitmq),
    ],
)
def test_a_consumer_hears_again_after_each_restart_of_the_broker(
    kind, times, new_server, make_celery, make_publish
):
    server = new_server(kind)
    publish = make_publish(server.url)
    with listening(make_celery(server.url), "default") as (_, heard):
        for _ in range(times):
            publish.ring(["default"])
            assert heard.get(timeout=30) == "default"
            server.stop()
            publish.ring(["default"])
            server.start()
            assert heard.get(timeout=30) == "default"


class Interrupted(Doorbells):
    """Doorbells whose broker goes away between a ticket's arrival and its acknowledgement."""

    goes: Callable[[], None] | None = None

    def hears(self, consumer):
        stop, self.goes = self.goes, None
        if stop:
            stop()
        return super().hears(consumer)


@pytest.mark.redis
def test_a_ticket_that_could_not_be_acknowledged_silences_nobody(new_server, make_celery, make_publish):
    server = new_server("redis")
    heard: Queue[str] = Queue()
    doorbells = Interrupted(make_celery(server.url), ["default"], heard.put)
    doorbells.start()
    assert doorbells.ready.wait(20)
    doorbells.goes = server.stop
    publish = make_publish(server.url)
    publish.ring(["default"])
    assert heard.get(timeout=30) == "default"
    server.start()
    publish.ring(["default"])
    assert heard.get(timeout=30) == "default"
    doorbells.stop()


@pytest.mark.redis
def test_a_worker_that_was_full_before_a_restart_of_the_broker_is_full_after_it(
    new_server, make_celery, make_publish
):
    server = new_server("redis")
    with remote_consumer(server.url, "default") as busy, remote_consumer(server.url, "default") as idle:
        busy.tell("pause")
        server.stop()
        server.start()
        publish = make_publish(server.url)
        for _ in range(5):
            publish.ring(["default"])
            idle.expect("heard", "default")
        assert busy.hears_nothing(timeout=0.1)


@pytest.mark.redis
def test_a_worker_can_be_stopped_while_its_broker_is_away(new_server, make_celery):
    server = new_server("redis")
    with listening(make_celery(server.url), "default") as (doorbells, _):
        server.stop()

        doorbells.stop()


def test_a_loop_that_hangs_is_replaced(queue, make_celery, make_publish):
    url = "inproc://hanging"
    hangs, is_over = Event(), Event()
    with listening(make_celery(url), queue) as (doorbells, heard):
        assert not doorbells.watch(monotonic())
        doorbells._consumer.call_soon(hangs.set)
        doorbells._consumer.call_soon(is_over.wait)
        assert hangs.wait(20)

        assert doorbells.watch(monotonic() + SILENT_AFTER_S)

        make_publish(url).ring([queue])
        assert heard.get(timeout=20) == queue
        is_over.set()


def test_a_pool_of_processes_is_refused_with_a_sentence(make_celery):
    celery = make_celery("inproc://pools")
    Doorbells(celery, ["default"], print)

    with pytest.raises(SystemExit, match=REFUSED_POOL[:30]):
        WorkController(app=celery, pool_cls="prefork", concurrency=1)
