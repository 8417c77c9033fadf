"""How large a question to people may be, held by the task that asks and by who takes it from its child."""

from __future__ import annotations

import json
from typing import Final

from scheduler.wire import Question

LONGEST_SUBJECT: Final = 1_000
LONGEST_BODY: Final = 100_000
MOST_OPTIONS: Final = 100
LONGEST_OPTION: Final = 250
MOST_USERS: Final = 1_000
#: Bytes of the params as JSON.
LARGEST_PARAMS: Final = 100_000
#: Ten years, in seconds.
LONGEST_WAIT_S: Final = 10 * 365 * 24 * 3600.0


def check_question(question: Question) -> None:
    """Raise ValueError with a sentence that says what is wrong."""
    for name, is_right, remedy in (
        ("subject", 0 < len(question.subject) <= LONGEST_SUBJECT, f"1 to {LONGEST_SUBJECT} characters"),
        ("body", len(question.body or "") <= LONGEST_BODY, f"at most {LONGEST_BODY} characters"),
        (
            "options",
            _are_options(question.options),
            f"1 to {MOST_OPTIONS} different texts of 1 to {LONGEST_OPTION}",
        ),
        ("defaults", _are_defaults(question), "some of the options, and one alone without multiple=True"),
        (
            "params",
            _are_params(question),
            f"a dict from names to params, at most {LARGEST_PARAMS} bytes as JSON",
        ),
        ("assigned_users", _are_users(question), f"at most {MOST_USERS} dicts with the texts id and name"),
        ("response_timeout", _is_wait(question.timeout_s), "a time longer than nothing and up to ten years"),
    ):
        if not is_right:
            raise ValueError(f"{name} of a question must be {remedy}.")


def _are_options(options: tuple[str, ...]) -> bool:
    are_short = all(0 < len(each) <= LONGEST_OPTION and "\0" not in each for each in options)
    return 0 < len(options) <= MOST_OPTIONS and are_short and len({*options}) == len(options)


def _are_defaults(question: Question) -> bool:
    chosen = question.defaults
    return chosen is None or (
        0 < len(chosen) <= (len(question.options) if question.multiple else 1)
        and {*chosen} <= {*question.options}
    )


def _are_params(question: Question) -> bool:
    params = question.params.values()
    are_dicts = all(isinstance(each, dict) and isinstance(each.get("schema", {}), dict) for each in params)
    return are_dicts and len(json.dumps(question.params)) <= LARGEST_PARAMS


def _are_users(question: Question) -> bool:
    users = question.assigned_users
    return len(users) <= MOST_USERS and all(
        isinstance(each.get("id"), str) and isinstance(each.get("name", ""), str) for each in users
    )


def _is_wait(timeout_s: float | None) -> bool:
    return timeout_s is None or 0 < timeout_s <= LONGEST_WAIT_S
