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
