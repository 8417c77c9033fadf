"""What a DAG file declares comes back as data; what it does meanwhile harms nobody."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.runtime.conftest import Crew, nothing_known
from tests.runtime.processes import is_alive, wait_until

GOOD = """
def task(): pass
"""


def test_a_good_file_answers_its_graph(crew: Crew) -> None:
    parsed = crew.parse(GOOD)
    assert parsed.error is None
    (dag,) = parsed.dags
    assert (dag.dag_id, dag.file, [task.task_id for task in dag.tasks]) == ("d", "tasks.py", ["task"])


def test_what_it_loaded_opened_and_asked_for_is_told(make_crew: Callable[..., Crew]) -> None:
    def answer(_job: object, verb: str, args: dict[str, Any]) -> Any:
        return f"the {args['key']}" if verb == "get_variable" else None

    crew = make_crew(answer=answer)
    (crew.code_root / "shop").mkdir()
    (crew.code_root / "shop" / "rates.py").write_text("RATE = 1")
    (crew.code_root / "query.sql").write_text("select 1")
    parsed = crew.parse(
        """
        import warnings
        from pathlib import Path
        from scheduler import Variable
        import shop.rates
        print("region", Variable.get("region"))
        Path(__file__).with_name("query.sql").read_text()
        warnings.warn("old", DeprecationWarning)
        def task(): pass
        """
    )
    assert parsed.error is None
    assert parsed.modules == ("shop/rates.py", "tasks.py")
    assert parsed.opened == ("query.sql",)
    assert parsed.variables == ("region",)
    assert parsed.stdout == "region the region\n"
    assert parsed.warnings == ("tasks.py:8: DeprecationWarning: old",)


def test_the_code_hash_follows_the_content_of_what_was_loaded(crew: Crew) -> None:
    source = "import rates\ndef task(): pass\n"
    rates = crew.code_root / "rates.py"
    hashes = []
    for content in ("RATE = 1", "RATE = 1", "RATE = 2"):
        rates.write_text(content)
        hashes.append(crew.parse(source).dags[0].code_hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_an_error_is_told_with_file_line_and_traceback(crew: Crew) -> None:
    parsed = crew.parse("x = 1\nprint(x / 0)\n")
    assert parsed.dags == ()
    assert parsed.error is not None
    assert parsed.error.line == "ZeroDivisionError: division by zero (dags/tasks.py:2 in <module>)"
    assert parsed.error_lineno == 2
    assert "print(x / 0)" in parsed.error.traceback


def test_a_syntax_error_names_its_line(crew: Crew) -> None:
    parsed = crew.parse("x = 1\ndef broken(:\n")
    assert parsed.error is not None
    assert (parsed.error.type, parsed.error_lineno) == ("SyntaxError", 2)


HOSTILE = {
    "leaves with sys.exit": ("import sys; sys.exit(4)", "SystemExit"),
    "leaves with os._exit": ("import os; os._exit(5)", "code 5"),
    "dies by a signal": ("import os; os.abort()", "SIGABRT"),
    "raises what is no Exception": ("raise KeyboardInterrupt('no')", "KeyboardInterrupt"),
    "allocates without end": (
        "held = []\nwhile True: held.append(bytearray(10_000_000))",
        "it may use 143 MB (DIRIGENT_PARSE_MEMORY_MB)",
    ),
    "kills its parent": ("import os, time; os.kill(os.getppid(), 9); time.sleep(60)", "SIGKILL"),
    "recurses without end": ("def f(): f()\nf()", "RecursionError"),
    "writes into its channel": (
        "import os, time\nfor fd in range(3, 30):\n    try: os.write(fd, b'\\xff' * 100)\n"
        "    except OSError: pass\ntime.sleep(1)",
        "broke its channel",
    ),
}
HANGING = {
    "in Python": ("while True: pass", "took longer than 1 s"),
    "deaf": (
        "import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM}); time.sleep(60)",
        "did not react",
    ),
    "catching everything": (
        "import time\nwhile True:\n    try: time.sleep(60)\n    except Exception: pass",
        "took longer than 1 s",
    ),
}


def check_refused(crew: Crew, source: str, words: str, timeout_s: float) -> None:
    """Parse a bad file, which must be an error with these words, and a good one after it."""
    parsed = crew.parse(source, timeout_s=timeout_s, memory_bytes=150_000_000)
    assert parsed.dags == ()
    assert parsed.error is not None
    assert words in parsed.error.line
    assert crew.parse(GOOD).error is None


@pytest.mark.parametrize(("source", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_an_error_in_words_and_the_next_file_is_parsed(
    crew: Crew, source: str, words: str
) -> None:
    check_refused(crew, source, words, timeout_s=30)


@pytest.mark.parametrize(("source", "words"), HANGING.values(), ids=HANGING)
def test_a_file_that_hangs_is_given_up_and_the_next_file_is_parsed(
    crew: Crew, source: str, words: str
) -> None:
    check_refused(crew, source, words, timeout_s=1)


HARMLESS = {
    "closes stdout": "import os, sys; os.close(1); sys.stdout.close()\ndef task(): pass",
    "prints binary": "import os; os.write(1, bytes(range(256)))\ndef task(): pass",
    "starts threads": (
        "import threading\nthreading.Thread(target=threading.Event().wait).start()\ndef task(): pass"
    ),
    "prints without end": (
        "import threading\nthreading.Thread(target=lambda: [print('x' * 1000) for _ in iter(int, 1)], "
        "daemon=True).start()\ndef task(): pass"
    ),
}


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS)
def test_a_rude_file_is_parsed_all_the_same(crew: Crew, source: str) -> None:
    parsed = crew.parse(source)
    assert parsed.error is None
    assert len(parsed.dags) == 1
    assert len(parsed.stdout) <= 64_000


def test_what_an_import_starts_ends_with_it(crew: Crew) -> None:
    parsed = crew.parse(
        """
        import os, subprocess, time
        if os.fork() == 0:
            time.sleep(1000)
        child = subprocess.Popen(["setsid", "sleep", "1000"])
        print(child.pid)
        def task(): pass
        """
    )
    assert len(parsed.dags) == 1
    wait_until(lambda: not is_alive(int(parsed.stdout)))


def test_a_process_that_an_import_forked_cannot_answer_for_it(crew: Crew) -> None:
    parsed = crew.parse(
        """
        import os
        if (pid := os.fork()) == 0:
            raise RuntimeError("in the child")
        os.waitpid(pid, 0)
        def task(): pass
        """
    )
    assert parsed.error is None
    assert len(parsed.dags) == 1


def test_a_running_attempt_survives_a_parse_that_kills_its_parent(crew: Crew) -> None:
    crew.write("import time\ndef task(): time.sleep(1); return 'fine'", file="other.py")
    crew.launch(file="other.py")
    crew.parse("import os; os.kill(os.getppid(), 9)\ndef task(): pass")
    assert crew.outcome().xcoms == {"return_value": "fine"}


def test_files_are_parsed_side_by_side(crew: Crew) -> None:
    crew.write(GOOD)
    with ThreadPoolExecutor(8) as pool:
        parses = [
            pool.submit(
                crew.supervisor.parse, str(crew.code_root), "tasks.py", timeout_s=10, memory_bytes=None
            )
            for _ in range(24)
        ]
    assert [len(parse.result().dags) for parse in parses] == [1] * 24


def test_a_parse_after_the_end_is_refused(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(answer=nothing_known)
    crew.supervisor.close()
    with pytest.raises(Exception, match="stopped"):
        crew.parse(GOOD)
