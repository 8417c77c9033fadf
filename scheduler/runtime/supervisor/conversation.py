"""What one child asks of its supervisor: answered one after the other by a pool, so that no database call
holds up IO.
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any, Final

from scheduler.errors import DirigentError, TooLarge
from scheduler.logs.mask import Masker, secrets_named, secrets_of_connection, secrets_of_variable
from scheduler.runtime.frames import FRAME_LIMIT
from scheduler.runtime.supervisor.framed import FramedSocket
from scheduler.runtime.supervisor.reactor import Reactor
from scheduler.wire import STATE_LIMIT, XCOM_SHOWN_CHARACTERS, Data, Job, Json

_log: Final = logging.getLogger(__name__)

#: Answers a request; `job` is None while a DAG file is imported. Called on threads of a pool.
Answer = Callable[[Job | None, str, Data], Any]

#: Requests of one child that may wait; it is not read from while there are more. Who waits for answers has one.
_WAITING: Final = 4
#: What a child tells people: secrets are masked in it.
_SHOWN: Final = ("set_rendered", "export_spans")
#: What tasks read again as it is, and people see without secrets: so many characters of it.
_KEPT: Final = {"set_xcom": XCOM_SHOWN_CHARACTERS, "set_state": STATE_LIMIT}


#: A secret that code names: nobody but the masker is told.
HIDE: Final = "hide"


class Conversation:
    """The channel of one child.

    What is no request goes to `on_result`; `on_end` gets why the channel ended; `on_rendered` gets rendered fields,
    which may wait, in place of those who answer.
    """

    def __init__(
        self,
        reactor: Reactor,
        pool: Executor,
        answer: Answer,
        sock: socket.socket,
        job: Job | None,
        masker: Masker,
        *,
        on_result: Callable[[Data], None],
        on_end: Callable[[str], None],
        on_rendered: Callable[[Data], None] | None = None,
        limit: int = FRAME_LIMIT,
    ) -> None:
        self._reactor = reactor
        self._pool = pool
        self._answer = answer
        self._job = job
        self._masker = masker
        self._on_result = on_result
        self._on_rendered = on_rendered
        self._waiting: deque[Data] = deque()
        self._is_answering = False
        self._when_idle: Callable[[], None] | None = None
        self._socket = FramedSocket(reactor, sock, on_message=self._take, on_end=on_end, limit=limit)

    def send(self, message: Data) -> None:
        """Send a message; raises TooLarge."""
        self._socket.send(message)

    def finish(self, then: Callable[[], None]) -> None:
        """Read what the child sent before it ended, answer it, close, and call `then`."""
        self._socket.resume()
        self._socket.drain()
        self._socket.close()
        self._when_idle = then
        self._call_when_idle()

    def close(self) -> None:
        """Close at once."""
        self._socket.close()
        self._waiting.clear()

    def _take(self, message: Data) -> None:
        if "verb" not in message:
            self._on_result(message)
        elif message["verb"] == "set_rendered" and self._on_rendered is not None:
            self._on_rendered(message)
        else:
            self.ask(message)

    def ask(self, request: Data) -> None:
        """Have a request of the child answered, after those before it."""
        self._waiting.append(request)
        if len(self._waiting) > _WAITING:
            self._socket.pause()
        self._answer_next()

    def _answer_next(self) -> None:
        if self._is_answering or not self._waiting:
            return
        self._is_answering = True
        request = self._waiting.popleft()
        self._socket.resume()
        self._pool.submit(self._answer_on_pool, request)

    def _answer_on_pool(self, request: Data) -> None:
        reply = self._reply(request)
        self._reactor.post(lambda: self._replied(request, reply))

    def _reply(self, request: Data) -> Data:
        try:
            verb, args = str(request["verb"]), dict(request["args"])
            if verb in _SHOWN:
                args = self._masker.mask_data(args)
            elif verb in _KEPT:
                args["shown"] = self._masker.masked_json(args.get("value"), _KEPT[verb])
            value = None if verb == HIDE else self._answer(self._job, verb, args)
            self._masker.add(_secrets_in(verb, args, value))
        except DirigentError as error:
            return {"error": _error_data(error)}
        except Exception as error:  # noqa: BLE001 - the edge of a pool thread; the child must get an answer
            _log.exception("The request %r of a task could not be answered.", request.get("verb"))
            words = f"The supervisor could not answer {request.get('verb')}: {type(error).__name__}."
            return {"error": {"type": "DirigentError", "message": words, "facts": {}}}
        return {"value": value}

    def _replied(self, request: Data, reply: Data) -> None:
        self._is_answering = False
        if request.get("waits", True):
            self._send_reply(reply)
        self._answer_next()
        self._call_when_idle()

    def _send_reply(self, reply: Data) -> None:
        try:
            self._socket.send(reply)
        except TooLarge as error:
            self._socket.send({"error": _error_data(error)})

    def _call_when_idle(self) -> None:
        if self._when_idle is not None and not self._is_answering and not self._waiting:
            then, self._when_idle = self._when_idle, None
            then()


def _error_data(error: DirigentError) -> Data:
    facts = {
        name: value for name, value in vars(error).items() if isinstance(value, str | int | float | None)
    }
    return {"type": type(error).__name__, "message": str(error), "facts": facts}


def _secrets_in(verb: str, args: Data, value: Json) -> Iterator[str]:
    if verb == "get_connection":
        yield from secrets_of_connection(value)
    elif verb == "get_variable":
        yield from secrets_of_variable(args["key"], value)
    elif verb == HIDE:
        yield from secrets_named(args["secret"], args["name"])
    elif verb == "set_variable":
        yield from secrets_of_variable(args["key"], args["value"])
