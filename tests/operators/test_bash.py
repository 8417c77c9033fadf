"""BashOperator: what it logs, returns, and leaves behind (nothing)."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler import DAG, BashOperator
from scheduler.errors import BadDag
from tests.runtime.attempts import attempt
from tests.runtime.processes import is_alive, wait_until


@pytest.fixture
def dag():
    with DAG("d") as declared:
        yield declared


def bash(command, **settings):
    return BashOperator(task_id="a", bash_command=command, **settings)


def test_each_line_is_logged_and_the_last_one_is_the_result(dag, caplog):
    caplog.set_level("INFO")
    bash("echo one; echo two >&2; echo three")
    assert attempt(dag).xcoms == {"return_value": "three"}
    assert [record.message for record in caplog.records if record.name == "dirigent.task.a"][1:] == [
        "one",
        "two",
        "three",
    ]


@pytest.mark.parametrize(
    ("command", "settings", "state", "reason"),
    [
        ("exit 99", {}, "skipped", "bash exited with 99"),
        ("exit 7", {"skip_on_exit_code": [6, 7]}, "skipped", "bash exited with 7"),
        (
            "exit 99",
            {"skip_on_exit_code": None},
            "failed",
            "TaskError: bash exited with 99; it printed nothing",
        ),
        ("echo bad; exit 3", {}, "failed", "TaskError: bash exited with 3; its last line was: 'bad'"),
        ("kill -9 $$", {}, "failed", "TaskError: bash was killed by SIGKILL; it printed nothing"),
    ],
)
def test_the_exit_code_decides(dag, command, settings, state, reason):
    bash(command, **settings)
    outcome = attempt(dag)
    assert (outcome.state, outcome.reason) == (state, reason)


def test_env_replaces_the_environment_unless_it_is_appended(dag, monkeypatch):
    monkeypatch.setenv("OUTSIDE", "yes")
    bash('echo "${OUTSIDE:-no} $X"', env={"X": "{{ ds }}"})
    BashOperator(task_id="b", bash_command='echo "${OUTSIDE:-no} $X"', env={"X": "1"}, append_env=True)
    assert attempt(dag).xcoms["return_value"] == "no 2026-11-21"
    assert attempt(dag, task_id="b").xcoms["return_value"] == "yes 1"


def test_a_command_knows_which_attempt_it_is(dag):
    bash("echo $DIRIGENT_DAG_ID $DIRIGENT_TASK_ID $DIRIGENT_TRY_NUMBER $DIRIGENT_TASK_KEY")
    key = "d/manual__2026-11-21T06:30:00+00:00/a"
    assert attempt(dag, try_number=2).xcoms["return_value"] == f"d a 2 {key}"


def test_it_runs_in_a_folder_of_its_own_unless_told_where(dag, tmp_path):
    bash("pwd")
    BashOperator(task_id="b", bash_command="pwd", cwd=str(tmp_path))
    scratch = attempt(dag).xcoms["return_value"]
    assert not Path(scratch).exists()
    assert attempt(dag, task_id="b").xcoms["return_value"] == str(tmp_path)


def test_a_script_file_is_rendered(tmp_path, monkeypatch):
    (tmp_path / "hello.sh").write_text("echo hello {{ params.name }}\n")
    with DAG("d", params={"name": "Ada"}, template_searchpath=str(tmp_path)) as dag:
        bash("hello.sh")
    assert attempt(dag).xcoms["return_value"] == "hello Ada"


def test_bytes_that_are_no_text_are_shown_as_escapes(dag):
    bash(r"printf 'a\xffb\n'")
    assert attempt(dag).xcoms["return_value"] == "a\\xffb"


def test_a_line_without_end_is_logged_in_pieces(dag, caplog):
    caplog.set_level("INFO")
    bash("head -c 200000 /dev/zero | tr '\\0' x")
    assert len(attempt(dag).xcoms["return_value"]) == 200_000 % 65_536
    assert max(len(record.message) for record in caplog.records) == 65_536


def test_a_time_limit_kills_the_whole_group(dag, tmp_path):
    pids = tmp_path / "pids"
    bash(f"sleep 300 & echo $! $$ > {pids}; wait", execution_timeout=0.5)
    outcome = attempt(dag)
    assert outcome.reason == "ran longer than 0.5 s"
    started = [int(pid) for pid in pids.read_text().split()]
    wait_until(lambda: not any(is_alive(pid) for pid in started), seconds=5)


def test_a_background_process_that_keeps_the_output_open_does_not_hold_the_task(dag):
    bash("sleep 5 & echo done")
    assert attempt(dag).xcoms["return_value"] == "done"


def test_an_empty_command_is_refused(dag):
    with pytest.raises(BadDag, match="bash_command=''"):
        bash("")


def test_what_a_processor_makes_of_the_last_line_is_the_result():
    with DAG("d") as dag:
        BashOperator(
            task_id="a", bash_command="echo one; echo 41", output_processor=lambda line: int(line) + 1
        )
    assert dag.test().xcom("a") == 42
