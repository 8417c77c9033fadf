"""What a file reads while it is imported stays secret in its import error, and in the attempts forked of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.runtime.conftest import Crew

SECRET = "hunter22 & more"
READS = """
import warnings
from scheduler import Connection, Variable
token = Variable.get("api_token")
password = Connection.get("db").password
"""


def answer(_job: object, verb: str, _args: dict[str, Any]) -> Any:
    return {"get_variable": SECRET, "get_connection": {"password": "swordfish"}}.get(verb)


def test_an_import_error_tells_no_secret_that_the_file_was_given(make_crew: Callable[..., Crew]) -> None:
    parsed = make_crew(answer=answer).parse(
        f"{READS}\nprint(token)\nwarnings.warn(token)\nraise RuntimeError(token + password)\n"
    )
    assert parsed.error is not None
    assert parsed.error.message == "******"
    assert parsed.stdout == "***\n"
    assert parsed.warnings[0].endswith("UserWarning: ***")
    assert "hunter22" not in repr(parsed)
    assert "swordfish" not in repr(parsed)


def test_what_the_import_read_is_hidden_in_the_log_of_its_tasks(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(answer=answer)
    source = f"{READS}\ndef task():\n    print(token)\n    raise RuntimeError(password)\n"
    for _ in ("imported for it", "forked of what is there"):
        outcome = crew.run_code(source)
        assert crew.printed() == ["***"]
        assert outcome.error is not None
        assert outcome.error.message == "***"
        assert b"swordfish" not in crew.log_file().read_bytes()


def test_a_file_that_breaks_before_its_task_hides_what_it_read(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(answer=answer)
    outcome = crew.run_code(f"{READS}\nprint(token)\nraise RuntimeError(password)\n")
    assert outcome.error is not None
    assert outcome.error.message == "***"
    assert b"hunter22" not in crew.log_file().read_bytes()
    assert b"swordfish" not in crew.log_file().read_bytes()


def test_what_code_calls_secret_is_hidden_from_then_on(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(answer=answer)
    source = (
        "from scheduler import mask_secret\n"
        "mask_secret(b'of-the-file')\n"
        "def task():\n"
        "    print('of-the-task', 'of-the-file')\n"
        "    mask_secret(['of-the-task', 12345])\n"
        "    mask_secret({'password': 'in-a-dict', 'place': 'in-the-open'})\n"
        "    mask_secret('by-no-name', name='colour')\n"
        "    print('of-the-task', 12345, 'in-a-dict', 'in-the-open', 'by-no-name')\n"
        "    raise RuntimeError('of-the-task')\n"
    )
    outcome = crew.run_code(source)
    assert crew.printed() == ["of-the-task ***", "*** *** *** in-the-open by-no-name"]
    assert outcome.error is not None
    assert outcome.error.message == "***"
