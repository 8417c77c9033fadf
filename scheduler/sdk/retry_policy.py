"""Whether a failed task is tried again, and when, by what it failed of.

A policy is asked in the attempt that failed, where the exception is. It can give up early and choose the delay; it
never makes more tries than `retries` allows.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from scheduler.sdk.arguments import bad_argument, check_given, read_choice, read_duration

#: A class, or its path such as "requests.exceptions.HTTPError", which need not be importable where the DAG is loaded.
ExceptionSpec = type[BaseException] | str


class RetryAction(StrEnum):
    """What a policy decides: try again, give up, or leave it to the task's own settings."""

    RETRY = "retry"
    FAIL = "fail"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What is to happen after a failure. Without a delay the task's own holds; the reason is shown with the attempt."""

    action: RetryAction = RetryAction.DEFAULT
    retry_delay: timedelta | None = None
    reason: str | None = None

    @classmethod
    def fail(cls, reason: str | None = None) -> RetryDecision:
        """Give up, however many retries are left."""
        return cls(RetryAction.FAIL, reason=reason)

    @classmethod
    def retry(cls, delay: timedelta | None = None, reason: str | None = None) -> RetryDecision:
        """Try again while retries are left, after this delay."""
        return cls(RetryAction.RETRY, delay, reason)

    @classmethod
    def default(cls) -> RetryDecision:
        """Leave it to the task's own settings."""
        return cls()


class RetryPolicy(ABC):
    """Decides by the exception: override `evaluate`. FailTask and SensorTimeout are never asked about."""

    @abstractmethod
    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Decide; `try_number` counts from 1, without waits and losses; `max_tries` is the last that is allowed."""


@dataclass(frozen=True)
class RetryRule:
    """What to do about one kind of exception, or several; with `match_subclasses` about those derived from it, too."""

    exception: ExceptionSpec | Sequence[ExceptionSpec]
    action: RetryAction | str = RetryAction.RETRY
    retry_delay: timedelta | None = None
    reason: str | None = None
    match_subclasses: bool = True

    def __post_init__(self) -> None:
        check_given("exception", self.exception, "give an exception class, its path, or a list of them")
        for each in self._specs():
            is_class = isinstance(each, type) and issubclass(each, BaseException)
            if not is_class and not (isinstance(each, str) and "." in each):
                raise bad_argument(
                    "exception", each, "give an exception class, or its path such as 'builtins.ValueError'"
                )
        object.__setattr__(self, "action", read_choice("action", self.action, RetryAction))
        object.__setattr__(self, "retry_delay", read_duration("retry_delay", self.retry_delay))

    def matches(self, exception: BaseException) -> bool:
        """Tell whether the rule is about this exception."""
        kinds = type(exception).__mro__ if self.match_subclasses else (type(exception),)
        return any(_is_meant(each, kinds) for each in self._specs())

    def _specs(self) -> Iterable[Any]:
        given: Any = self.exception
        return given if isinstance(given, list | tuple | set | frozenset) else [given]


class ExceptionRetryPolicy(RetryPolicy):
    """Goes by rules: the first that is about the exception decides, and where none is, `default`."""

    def __init__(self, rules: Sequence[RetryRule], default: RetryAction | str = RetryAction.DEFAULT) -> None:
        self.rules = tuple(rules)
        self.default = read_choice("default", default, RetryAction)

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Return what the first rule says that is about the exception."""
        for rule in self.rules:
            if rule.matches(exception):
                return RetryDecision(RetryAction(rule.action), rule.retry_delay, rule.reason)
        return RetryDecision(self.default)


def _is_meant(spec: ExceptionSpec, kinds: Sequence[type]) -> bool:
    if not isinstance(spec, str):
        return spec in kinds
    module, _, name = spec.rpartition(".")
    # Under another name than its own, as libraries hand on the classes of their parts.
    alias = getattr(sys.modules.get(module), name, None)
    return alias in kinds or any(f"{kind.__module__}.{kind.__qualname__}" == spec for kind in kinds)
