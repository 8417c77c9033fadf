"""Answers that are kept as long as what they were made of has not changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final

#: Answers to so many questions: people look at few.
_MOST: Final = 50


class Kept:
    """Remembers the newest answer to each question, and what it was made of."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, question: Hashable, source: Hashable, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - any answer
        """Return the answer, made anew where its source is another one."""
        with self._lock:
            known = self._answers.get(question)
        if known is not None and known[0] == source:
            return known[1]
        answer = make()
        with self._lock:
            self._answers[question] = (source, answer)
            self._answers.move_to_end(question)
            while len(self._answers) > _MOST:
                self._answers.popitem(last=False)
        return answer
