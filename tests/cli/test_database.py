import shutil
import sqlite3
from contextlib import closing

import pytest

from scheduler.cli.parts.lock import ServerLock
from scheduler.store.migrations import HEAD


def test_a_new_database_is_made_and_found_current(dirigent):
    assert dirigent("db", "check").code == 1
    assert dirigent("db", "upgrade").code == 0

    said = dirigent("db", "check")

    assert said.code == 0
    assert f"answers and is at {HEAD}" in said.out


def test_the_history_names_where_the_database_is(dirigent):
    dirigent("db", "upgrade")

    rows = dirigent("db", "history", "-o", "json").json

    assert rows[-1] == {"revision": HEAD, "is_current": True}


def test_tables_can_be_dropped_again(dirigent):
    dirigent("db", "upgrade")

    assert dirigent("db", "downgrade", "base", "--yes").code == 0
    assert dirigent("db", "check").code == 1


def test_going_back_asks_first(dirigent):
    dirigent("db", "upgrade")

    assert dirigent("db", "downgrade", "base").code != 0
    assert dirigent("db", "check").code == 0


def test_a_database_that_is_not_there_is_told_without_its_password(dirigent, monkeypatch):
    monkeypatch.setenv("DIRIGENT_DATABASE_URL", "postgresql://me:canary@127.0.0.1:1/db")

    said = dirigent("db", "check")

    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "127.0.0.1:1" in said.err
    assert "canary" not in said.err


def test_what_a_backup_holds_comes_back_and_what_came_later_is_gone(dirigent, project):
    dirigent("db", "upgrade")
    dirigent("variables", "set", "kept", "1")
    said = dirigent("db", "backup", "shop.backup")
    assert (said.code, said.err) == (0, "")
    assert "secret_key" in said.out
    assert (project / "shop.backup").stat().st_mode & 0o777 == 0o600
    dirigent("variables", "set", "later", "2")

    assert dirigent("db", "restore", "shop.backup", "--yes").code == 0

    assert [row["key"] for row in dirigent("variables", "list", "-o", "json").json] == ["kept"]


def test_a_backup_is_never_written_over_another_file(dirigent, project):
    dirigent("db", "upgrade")
    (project / "taken").write_text("mine")

    said = dirigent("db", "backup", "taken")

    assert (said.code, "is there already" in said.err) == (1, True)
    assert (project / "taken").read_text() == "mine"


def test_what_is_no_backup_is_refused_and_changes_nothing(dirigent, project):
    dirigent("db", "upgrade")
    dirigent("variables", "set", "kept", "1")
    dirigent("db", "backup", "whole")
    content = (project / "whole").read_bytes()
    (project / "text").write_text("no database " * 1000)
    (project / "cut").write_bytes(content[: len(content) // 2])
    with closing(sqlite3.connect(project / "other")) as other:
        other.execute("CREATE TABLE t (n)")
    shutil.copy(project / "whole", project / "newer")
    with closing(sqlite3.connect(project / "newer")) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999_of_tomorrow'")

    said = {name: dirigent("db", "restore", name, "-y") for name in ("text", "cut", "other", "newer", "none")}

    assert {name: each.code for name, each in said.items()} == dict.fromkeys(said, 1)
    assert "not a database" in said["text"].err
    assert "malformed" in said["cut"].err or "damaged" in said["cut"].err
    assert "no backup of Dirigent" in said["other"].err
    assert "9999_of_tomorrow" in said["newer"].err
    assert "There is no file" in said["none"].err
    assert [row["key"] for row in dirigent("variables", "list", "-o", "json").json] == ["kept"]


@pytest.mark.parametrize(
    ("url", "said"),
    [("", "There is no file none"), ("postgresql://me:canary@127.0.0.1:1/db", "use PostgreSQL's own tools")],
)
def test_what_cannot_be_restored_is_refused_before_anybody_is_asked(dirigent, monkeypatch, url, said):
    dirigent("db", "upgrade")
    monkeypatch.setenv("DIRIGENT_DATABASE_URL", url)

    answer = dirigent("db", "restore", "none")

    assert (answer.code, answer.out) == (1, "")
    assert said in answer.err
    assert "Replace all" not in answer.err


def test_nothing_is_restored_below_a_running_server(dirigent, project):
    dirigent("db", "upgrade")
    dirigent("db", "backup", "whole")

    with closing(ServerLock(project / ".dirigent", "http://here")):
        said = dirigent("db", "restore", "whole", "--yes")

    assert (said.code, "runs already" in said.err) == (1, True)
