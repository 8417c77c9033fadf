"""Problems: errors as programs read them (RFC 9457), with Airflow's `detail`.

`detail` is the sentence, except where a request does not fit what is asked for (422): there it is a list, a fault an
entry, as clients of Airflow's API expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Response, json

CONTENT_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a request."""

    place: tuple[str | int, ...]
    message: str
    kind: str

    @property
    def sentence(self) -> str:
        """The fault in words."""
        return f"{'.'.join(str(each)[:80] for each in self.place[1:]) or 'The body'}: {self.message}."

    def fields(self) -> dict[str, Any]:
        """Describe it as Airflow does."""
        return {"type": self.kind, "loc": list(self.place), "msg": self.message}


class Unprocessable(Exception):
    """A request that does not fit what is asked for."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(each.sentence for each in faults))
        self.faults = faults


def problem(status: int, sentence: str, faults: Sequence[Fault] = ()) -> Response:
    """Answer a problem."""
    detail = [each.fields() for each in faults] or sentence
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(json.dumps(body), status, content_type=CONTENT_TYPE)
