"""How attempts run and end, whatever user code does."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from scheduler.runtime.supervisor import Limits, Policy
from tests.runtime.conftest import Crew
from tests.runtime.processes import is_alive, wait_until


def test_an_attempt_runs_in_a_process_and_a_session_of_its_own(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import os
        def task():
            return [os.getpid(), os.getsid(0), os.getpgid(0)]
        """
    )
    pid, session, group = outcome.xcoms["return_value"]
    assert outcome.state == "success"
    assert pid == session == group != os.getpid()


def test_what_it_takes_is_measured(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import time
        def task():
            held = bytearray(80_000_000)
            began_s = time.process_time()
            while time.process_time() - began_s < 0.1:
                pass
        """
    )
    assert outcome.peak_memory_bytes > 80_000_000
    assert outcome.cpu_s >= 0.1
    assert outcome.exit_code == 0
    assert datetime.fromisoformat(outcome.started_at or "") <= datetime.fromisoformat(outcome.ended_at or "")


def test_children_count_toward_what_it_takes(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import subprocess, sys
        work = "import time\\nwhile time.process_time() < 0.2: pass"
        def task():
            subprocess.run([sys.executable, "-c", work], check=True)
        """
    )
    assert outcome.cpu_s >= 0.2


_BURNS = """
        import os, signal, subprocess, sys, time
        work = "import os, time\\nwhile time.process_time() < 0.2: pass\\nprint(1, flush=True)\\ntime.sleep(60)"
        def started():
            child = subprocess.Popen([sys.executable, "-c", work], stdout=subprocess.PIPE)
            child.stdout.readline()
"""


@pytest.mark.parametrize(
    "task",
    ["started()", "started(); os.kill(os.getpid(), signal.SIGKILL)", "started(); os._exit(3)"],
    ids=["left behind", "killed", "left"],
)
def test_children_that_nobody_waited_for_count_too(crew: Crew, task: str) -> None:
    """They are killed with the attempt, and part of what it took; so are those of an attempt that is killed."""
    outcome = crew.run_code(f"{_BURNS}        def task():\n            {task}\n")
    assert outcome.cpu_s >= 0.2


def test_an_orphan_counts_though_its_parent_is_gone(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import subprocess, sys, time
        work = "import time\\nwhile time.process_time() < 0.2: pass"
        def task():
            shell = subprocess.Popen(["sh", "-c", '"$0" -c "$1" & echo; true', sys.executable, work],
                                     stdout=subprocess.PIPE)
            shell.stdout.read()
        """
    )
    assert outcome.cpu_s >= 0.2


def test_leaving_with_os_exit_is_a_failure_that_names_the_code(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import os
        def task():
            print("last words", flush=True)
            os._exit(3)
        """
    )
    assert (outcome.state, outcome.exit_code) == ("failed", 3)
    assert outcome.reason == "exited with code 3 without finishing"
    assert crew.printed() == ["last words"]


def test_death_by_signal_is_named(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import os, signal
        def task():
            os.kill(os.getpid(), signal.SIGSEGV)
        """
    )
    assert (outcome.state, outcome.signal) == ("failed", signal.SIGSEGV)
    assert outcome.reason == "killed by SIGSEGV"
    assert "Fatal Python error: Segmentation fault" in crew.printed()


def test_an_error_names_its_place(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        def task():
            raise KeyError("currency")
        """
    )
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert outcome.error.line == "KeyError: 'currency' (dags/tasks.py:3 in task)"


def test_memory_beyond_the_limit_is_a_memory_error(make_crew: Callable[..., Crew]) -> None:
    outcome = make_crew(policy=Policy(memory_bytes=200_000_000)).run_code(
        """
        def task():
            bytearray(400_000_000)
        """
    )
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert outcome.error.type == "MemoryError"
    assert outcome.reason.startswith("MemoryError (dags/tasks.py:3 in task): used ")
    assert outcome.reason.endswith(" MB of 191 MB (DIRIGENT_ATTEMPT_MEMORY_MB), and asked for more")


def test_a_closed_stdout_loses_neither_outcome_nor_log_records(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import logging, os
        def task():
            os.close(1); os.close(2)
            logging.getLogger("shop").warning("still heard")
            return "done"
        """
    )
    assert outcome.xcoms == {"return_value": "done"}
    assert ("warning", "shop", "still heard") in [
        (line.level, line.logger, line.text) for line in crew.lines()
    ]


@pytest.mark.parametrize("first", [3, 0])
def test_a_closed_channel_is_said(crew: Crew, first: int) -> None:
    outcome = crew.run_code(
        f"""
        import os
        def task():
            os.closerange({first}, 200)
        """
    )
    assert outcome.state == "failed"
    assert outcome.reason == "could not tell how it ended: user code closed its channel to the supervisor"


def test_of_megabytes_of_output_beginning_and_end_are_kept(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        def task():
            for number in range(60_000):
                print(f"line {number} " + "x" * 60)
        """
    )
    assert outcome.state == "success"
    assert crew.log_size() <= 1_000_000
    numbers = [int(text.split()[1]) for text in crew.printed()]
    assert (numbers[0], numbers[-1]) == (0, 59_999)
    assert crew.texts()[-1].startswith("Ended as success")


def test_what_is_printed_to_stderr_is_told_from_what_is_printed_to_stdout(crew: Crew) -> None:
    crew.run_code(
        """
        import subprocess, sys
        def task():
            print("out")
            subprocess.run("echo sub-out; echo sub-err >&2", shell=True)
            print("err", file=sys.stderr)
        """
    )
    told = {line.text: (line.source, line.level) for line in crew.lines()}
    assert told["out"] == told["sub-out"] == ("stdout", "info")
    assert told["err"] == told["sub-err"] == ("stderr", "warning")


def test_a_line_without_end_is_cut(crew: Crew) -> None:
    crew.run_code(
        """
        def task():
            print("y" * 3_000_000)
            print("after")
        """
    )
    long, after = crew.printed()
    assert long.endswith("… [line cut]")
    assert len(long) < 33_000
    assert after == "after"


def test_binary_output_is_shown_with_replacements(crew: Crew) -> None:
    outcome = crew.run_code(
        r"""
        import os
        def task():
            os.write(1, bytes(range(256)) + b"\n" + b"plain\n")
        """
    )
    assert outcome.state == "success"
    assert crew.printed()[-1] == "plain"
    assert "\N{REPLACEMENT CHARACTER}" in "".join(crew.printed())


def test_output_that_is_still_in_the_pipe_at_the_end_is_kept(crew: Crew) -> None:
    crew.run_code(
        """
        import os
        def task():
            os.write(1, b"".join(b"%d\\n" % number for number in range(8_000)))
            os._exit(0)
        """
    )
    assert crew.printed()[-1] == "7999"


def test_prints_and_records_keep_their_order(crew: Crew) -> None:
    crew.run_code(
        """
        import logging, subprocess
        def task():
            print("one")
            logging.getLogger("shop").info("two")
            subprocess.run(["echo", "three"])
            logging.getLogger("shop").debug("not shown")
        """
    )
    assert [line.text for line in crew.lines() if "dirigent" not in line.source] == [
        "one",
        "two",
        "three",
    ]


def test_any_text_can_be_printed_whatever_the_locale(make_crew: Callable[..., Crew]) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "LC_ALL": "C"}
    outcome = make_crew(environ=environ).run_code("def task(): print('zw\\u00f6lf \\ud800')")
    assert outcome.state == "success"


def test_a_line_is_in_the_log_while_the_task_still_runs(crew: Crew) -> None:
    crew.write(
        r"""
        import subprocess, sys
        def task():
            print("mine")
            subprocess.run([sys.executable, "-c", "print('of a program')\nwhile True: pass"])
        """
    )
    attempt_id = crew.launch()
    wait_until(lambda: crew.printed() == ["mine", "of a program"])
    crew.supervisor.stop(attempt_id, "seen")
    assert crew.outcome().state == "cancelled"


def test_grandchildren_end_with_the_attempt(crew: Crew, tmp_path: Path) -> None:
    outcome = crew.run_code(
        f"""
        import subprocess
        def task():
            plain = subprocess.Popen(["sleep", "1000"])
            daemon = subprocess.Popen(["setsid", "sh", "-c", "echo $$ > {tmp_path}/pid; exec sleep 1000"])
            while not open("{tmp_path}/pid", "a+").tell():
                pass
            return [plain.pid, daemon.pid]
        """
    )
    pids = [*outcome.xcoms["return_value"], int((tmp_path / "pid").read_text())]
    wait_until(lambda: not any(map(is_alive, pids)))


def test_a_daemon_that_left_its_session_lives_as_long_as_its_attempt(crew: Crew, tmp_path: Path) -> None:
    outcome = crew.run_code(
        f"""
        import os, subprocess
        from pathlib import Path
        def task():
            file = Path("{tmp_path}/pid")
            subprocess.run(["setsid", "-f", "sh", "-c", f"echo $$ > {{file}}; exec sleep 1000"], check=True)
            while not (file.exists() and file.read_text().strip()):
                pass
            pid = int(file.read_text())
            subprocess.run(["true"], check=True)
            os.kill(pid, 0)
            return pid
        """
    )
    assert outcome.state == "success"
    wait_until(lambda: not is_alive(outcome.xcoms["return_value"]))


def test_threads_are_joined_and_exit_handlers_run(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import atexit, threading
        from concurrent.futures import ThreadPoolExecutor
        atexit.register(print, "handler of the import")
        def task():
            go = threading.Event()
            atexit.register(print, "handler of the task")
            threading.Thread(target=lambda: (go.wait(), print("thread"))).start()
            ThreadPoolExecutor(2).submit(go.set)
        """
    )
    assert outcome.state == "success"
    assert crew.printed() == ["thread", "handler of the task", "handler of the import"]


def test_a_process_that_stays_after_its_outcome_is_killed(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(Limits(exit_grace_s=0.2))
    outcome = crew.run_code(
        """
        import os, signal, threading
        def task():
            os._exit = lambda code: threading.Event().wait()
            return os.getpid()
        """
    )
    assert outcome.state == "success"
    wait_until(lambda: not is_alive(outcome.xcoms["return_value"]))


def test_a_stop_ends_the_group_with_the_given_reason(crew: Crew) -> None:
    crew.write(
        """
        import subprocess
        def task():
            print("here", flush=True)
            subprocess.run(["sleep", "1000"])
        """
    )
    attempt_id = crew.launch()
    wait_until(lambda: crew.printed() == ["here"])
    crew.supervisor.stop(attempt_id, "cancelled by ann")
    outcome = crew.outcome()
    assert (outcome.state, outcome.reason) == ("cancelled", "cancelled by ann")


def test_who_ignores_sigterm_is_killed_after_the_grace(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(Limits(stop_grace_s=0.3))
    crew.write(
        """
        import signal, time
        def task():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("deaf", flush=True)
            while True:
                time.sleep(1)
        """
    )
    attempt_id = crew.launch()
    wait_until(lambda: crew.printed() == ["deaf"])
    crew.supervisor.stop(attempt_id, "cancelled by ann")
    outcome = crew.outcome()
    assert (outcome.state, outcome.signal) == ("cancelled", signal.SIGKILL)


def test_who_must_be_gone_at_once_is_given_no_grace_even_where_it_was_told_to_stop_before(crew: Crew) -> None:
    crew.write(
        """
        import signal, time
        def task():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("deaf", flush=True)
            time.sleep(1000)
        """
    )
    attempt_id = crew.launch()
    wait_until(lambda: crew.printed() == ["deaf"])
    crew.supervisor.stop(attempt_id, "cancelled by ann", within_s=1000)
    crew.supervisor.stop(attempt_id, "its lease was lost", within_s=0)
    outcome = crew.outcome()
    assert (outcome.reason, outcome.signal) == ("cancelled by ann", signal.SIGKILL)


def test_a_stop_before_the_start_is_an_outcome_too(crew: Crew) -> None:
    crew.write("def task(): pass")
    attempt_id = crew.launch()
    crew.supervisor.stop(attempt_id, "cancelled at once")
    assert crew.outcome().reason == "cancelled at once"


def test_a_time_limit_that_user_code_evades_is_kept_by_the_supervisor(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(Limits(timeout_grace_s=0.2, stop_grace_s=0.2))
    outcome = crew.run_code(
        """
        import signal, threading
        def task():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGTERM})
            threading.Event().wait()
        """,
        execution_timeout_s=0.2,
    )
    assert (outcome.state, outcome.reason) == ("failed", "ran longer than 0.2 s")


def test_a_sigterm_from_elsewhere_is_a_failure_not_a_cancellation(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import os, signal
        def task():
            os.kill(os.getpid(), signal.SIGTERM)
        """
    )
    assert (outcome.state, outcome.reason) == ("failed", "ended by a SIGTERM that Dirigent did not send")


def test_no_secret_of_the_server_is_in_its_environment(make_crew: Callable[..., Crew]) -> None:
    environ = dict(os.environ) | {
        "DIRIGENT_SECRET_KEY": "k",
        "DB_PASSWORD": "p",
        "MY_REGION": "r",
        "MY_ZONE": "z",
    }
    outcome = make_crew(environ=environ, pass_on=["MY_*", "DIRIGENT_*"]).run_code(
        """
        import os
        def task():
            return dict(os.environ)
        """,
        env={"JOB": "1"},
    )
    seen = outcome.xcoms["return_value"]
    assert {"DIRIGENT_SECRET_KEY", "DB_PASSWORD"}.isdisjoint(seen)
    assert (seen["MY_REGION"], seen["MY_ZONE"], seen["JOB"]) == ("r", "z", "1")


def test_a_process_that_the_task_forked_cannot_speak_for_it(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import os
        def task():
            if (pid := os.fork()) == 0:
                return "child"
            os.waitpid(pid, 0)
            return "task"
        """
    )
    assert outcome.xcoms == {"return_value": "task"}


def test_its_standard_input_is_empty(crew: Crew) -> None:
    assert crew.run_code("import sys\ndef task(): return sys.stdin.read()").xcoms == {"return_value": ""}


def test_what_is_random_differs_from_attempt_to_attempt(crew: Crew) -> None:
    crew.write("import random, uuid\ndef task(): return [random.random(), str(uuid.uuid4())]")
    one, other = (crew.run().xcoms["return_value"] for _ in range(2))
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_a_lock_that_is_held_at_the_fork_by_another_thread_of_the_server_does_not_matter(crew: Crew) -> None:
    import_lock_holder = "import logging\ndef task(): logging.getLogger('x').info('free'); return 1"
    crew.write(import_lock_holder)
    assert [crew.run().state for _ in range(20)] == ["success"] * 20


def test_an_outcome_too_large_to_send_is_a_failure_that_says_so(crew: Crew) -> None:
    outcome = crew.run_code("def task(): return 'x' * 60_000_000")
    assert outcome.state == "failed"
    assert "the limit is" in outcome.reason


def test_a_value_of_forty_megabytes_is_passed_on(crew: Crew) -> None:
    outcome = crew.run_code("def task(): return 'x' * 40_000_000")
    assert outcome.state == "success"
    assert len(outcome.xcoms["return_value"]) == 40_000_000
