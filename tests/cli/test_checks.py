"""`dirigent dags check`, over one folder of files that each do something else wrong."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

from scheduler.cli.shell import run
from scheduler.testing.checks.rules import RULES

FILES = {
    "good.py": """
        from scheduler import DAG, task
        with DAG("good", owner="ann", tags=["x"]):
            @task
            def one(): ...
            one()
    """,
    "reaching.py": """
        import socket, subprocess
        from pathlib import Path
        from scheduler import DAG, Variable
        Variable.get("top", "default")
        subprocess.run(["true"])
        Path(__file__).with_suffix(".out").write_text("x")
        Path(__file__).read_text()
        Path(__file__).parents[1].joinpath("outside.txt").read_text()
        with socket.socket() as one: one.connect_ex(("127.0.0.1", 9))
        import slow
        dag = DAG("reaching", owner="ann", tags=["x"])
    """,
    "slow.py": "import time; time.sleep(0.25)",
    "naming.py": """
        from scheduler import DAG, Connection, Variable, task
        from scheduler.operators.bash import BashOperator
        with DAG("naming"):
            BashOperator(task_id="files", bash_command="query.sh")
            BashOperator(task_id="text", bash_command="echo {{ var.value.given }} {{ var.value.in_text }}")
            @task
            def one():
                Variable.get("in_code")
                Variable.set("made_here", 1)
                Variable.get("made_here")
                Connection.get("in_environment")
                Connection.get("nowhere")
            one()
    """,
    "query.sh": "true\\necho {{ conn.in_file.host }}",
    "branching.py": """
        from scheduler import DAG, task
        from scheduler.operators.empty import EmptyOperator
        with DAG("branching", owner="ann", tags=["x"]):
            @task.branch
            def pick(params):
                return "left" if params else "missing"
            @task.branch
            def one_way():
                return "north"
            pick() >> EmptyOperator(task_id="left")
            one_way() >> [EmptyOperator(task_id="north"), EmptyOperator(task_id="south")]
    """,
    "circle.py": """
        from scheduler import DAG
        from scheduler.operators.empty import EmptyOperator
        with DAG("circle"):
            a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
            a >> b >> a
    """,
    "numbers.py": "from scheduler import DAG\\nDAG('numbers', schedule='61 * * * *', owner='a', tags=['x'])",
    "tags.py": "from scheduler import DAG\\nDAG('tags', owner='a', tags=['x' * 300])",
    "twin.py": "from scheduler import DAG\\nDAG('good', owner='a', tags=['x'])",
    "old.py": """
        from airflow import DAG
        from airflow.operators.dummy_operator import DummyOperator
        from datetime import datetime, timezone
        # dirigent: ignore[deprecated]
        dag = DAG("old", concurrency=3, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), tags=["x"])
    """,
    "uncalled.py": """
        from scheduler import dag
        @dag
        def forgotten(): ...
    """,
    "noisy.py": """
        import warnings
        from scheduler import DAG
        for n in range(200): warnings.warn_explicit(f"{n}", UserWarning, "elsewhere.py", n)
        DAG("noisy", owner="ann")
    """,
    "moons.py": """
        from scheduler import DAG, Timetable
        class Moons(Timetable): pass
        DAG("moons", schedule=Moons(), owner="ann", tags=["x"])
    """,
    "raising.py": "import scheduler  # dag\\n1 / 0",
    "alerting.py": """
        from scheduler import DAG, Alert
        DAG("alerting", owner="ann", tags=["x"], alerts=[Alert("failure", to=["nobody"])])
    """,
    "choosing.py": """
        from scheduler import DAG, BaseBranchOperator, BashOperator, HITLBranchOperator, task
        class Own(BaseBranchOperator):
            def choose_branch(self, context):
                return "gone"
        with DAG("choosing", owner="ann", tags=["x"]):
            HITLBranchOperator("ask", subject="?", options=["on", "off"], options_mapping={"on": "own"}) >> Own("own")
            BashOperator(task_id="open", bash_command="echo {{ ds ")
            BashOperator(task_id="absent", bash_command="absent.sh")
            BashOperator(task_id="fine", bash_command="echo {{ ds }} {# }} #} ${#x}", env={"X": "{{ 1 | nofilter }}"})
    """,
    "looping.py": "import scheduler, time  # dag\\nwhile True: time.sleep(1)",
    "dying.py": "import os, scheduler  # dag\\nos.kill(os.getpid(), 9)",
    "forking.py": """
        import os, time, scheduler  # dag
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    """,
}
FOUND = {
    ("alerting.py", 1, "missing-channel"),
    ("branching.py", 7, "unknown-branch"),
    ("branching.py", 12, "unreachable-task"),
    ("choosing.py", 5, "unknown-branch"),
    ("choosing.py", 7, "unknown-branch"),
    ("choosing.py", 8, "bad-template"),
    ("choosing.py", 9, "bad-template"),
    ("choosing.py", 10, "bad-template"),
    ("circle.py", 1, "cycle"),
    ("dying.py", 1, "import-error"),
    ("forking.py", 1, "import-error"),
    ("looping.py", 2, "import-error"),
    ("moons.py", 1, "bad-dag"),
    ("naming.py", 4, "no-owner"),
    ("naming.py", 4, "no-tags"),
    ("naming.py", 6, "missing-variable"),
    ("naming.py", 9, "missing-variable"),
    ("naming.py", 13, "missing-connection"),
    ("noisy.py", 5, "no-tags"),
    ("numbers.py", 2, "bad-dag"),
    ("tags.py", 1, "bad-dag"),
    ("old.py", 3, "deprecated"),
    ("old.py", 6, "no-owner"),
    ("query.sh", 2, "missing-connection"),
    ("raising.py", 2, "import-error"),
    ("reaching.py", 5, "top-level-variable"),
    ("reaching.py", 6, "top-level-io"),
    ("reaching.py", 7, "top-level-io"),
    ("reaching.py", 9, "top-level-io"),
    ("reaching.py", 10, "top-level-io"),
    ("reaching.py", 11, "slow-import"),
    ("twin.py", 1, "duplicate-dag"),
    ("uncalled.py", 3, "import-warning"),
}


def call(*words):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        return run(["dags", "check", *words]), said.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project with all the files, in which commands run."""
    root = tmp_path_factory.mktemp("checked")
    (root / "dags").mkdir()
    (root / "outside.txt").write_text("x")
    for name, text in FILES.items():
        (root / "dags" / name).write_text(dedent(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("DIRIGENT_PARSE_TIMEOUT_S", "5")
        patch.setenv("DIRIGENT_CONN_IN_ENVIRONMENT", "http://host")
        yield root


def dedent(text):
    lines = text.replace("\\n", "\n").splitlines()
    return "\n".join(line.removeprefix(" " * 8) for line in lines) + "\n"


@pytest.fixture(scope="module")
def checked(folder):
    """Exit code, and what is found in all of the folder."""
    code, out = call("--format", "json", "--import-limit", "0.2", "--var", "given=x")
    return code, json.loads(out)


def test_each_wrong_thing_is_found_at_its_line_and_nothing_else_is(checked):
    found = {(Path(each["file"]).name, each["line"], each["rule"]) for each in checked[1]["findings"]}
    slow_by_chance = {each for each in found if each[2] == "slow-import"} - FOUND
    assert found - slow_by_chance == FOUND


def test_errors_are_exit_1_and_paths_count_from_here(checked):
    code, said = checked
    assert code == 1
    assert all(each["file"].startswith("dags/") for each in said["findings"])


def test_without_a_database_what_is_missing_is_a_warning(checked):
    missing = [each for each in checked[1]["findings"] if each["rule"].startswith("missing-")]
    assert {each["rule"] for each in missing} == {"missing-variable", "missing-connection", "missing-channel"}
    assert {each["level"] for each in missing} == {"warning"}


def test_what_kills_or_hangs_the_import_is_told_in_words(checked):
    said = {
        Path(each["file"]).name: each["message"]
        for each in checked[1]["findings"]
        if each["level"] == "error"
    }
    assert "took longer than 5 s" in said["looping.py"]
    assert "SIGKILL" in said["dying.py"]
    assert "code 0" in said["forking.py"]


def test_a_clean_file_is_exit_0_and_counted(folder):
    assert call("dags/good.py") == (0, "1 file, 1 DAG: 0 errors, 0 warnings, 0 hints.\n")


def test_warnings_are_exit_1_only_where_asked(folder):
    code, out = call("dags/uncalled.py", "--strict")
    assert code == 1
    assert out.startswith("dags/uncalled.py:3: warning[import-warning] forgotten stands under @dag")


def test_a_path_that_does_not_exist_and_settings_that_cannot_be_are_exit_2(folder, monkeypatch):
    assert call("nowhere")[0] == 2
    monkeypatch.setenv("DIRIGENT_DAGS_FOLDER", "nowhere")
    assert call()[0] == 2
    monkeypatch.setenv("DIRIGENT_PORT", "many")
    assert call()[0] == 2


def test_with_a_database_what_it_lacks_is_an_error_and_what_it_has_is_none(dirigent, project):
    for words in (["db", "upgrade"], ["variables", "set", "kept", "1"], ["pools", "set", "big", "3"]):
        assert dirigent(*words).code == 0
    (project / "dags" / "one.py").write_text(
        "from scheduler import DAG, BashOperator\n"
        "with DAG('d', owner='a', tags=['b']):\n"
        "    BashOperator(task_id='one', bash_command='{{ var.value.kept }}', pool='big')\n"
        "    BashOperator(task_id='two', bash_command='{{ var.value.gone }}', pool='small')\n"
    )
    said = dirigent("dags", "check", "--format", "json")
    assert said.code == 1
    assert [(each["line"], each["rule"], each["level"]) for each in said.json["findings"]] == [
        (1, "missing-pool", "error"),
        (4, "missing-variable", "error"),
    ]


def test_every_rule_is_described():
    page = (Path(__file__).parents[2] / "docs" / "authoring" / "checking.md").read_text()
    levels = {"note": "hint"}
    for rule in RULES.values():
        line = f'| <a id="{rule.id}"></a>`{rule.id}` | {levels.get(rule.level, rule.level)} |'
        assert line in page, rule.id
