import socket
from datetime import UTC, datetime

import pytest

from scheduler.cli.parts.lock import ServerLock
from scheduler.store import Database
from scheduler.store.dag_files import FileRecord, ImportFault, save_files


def findings(dirigent):
    said = dirigent("doctor", "-o", "json")
    return said.code, {each["check"]: (each["is_ok"], each["finding"]) for each in said.json}


@pytest.fixture
def free_port(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("DIRIGENT_PORT", str(port))
    return port


def test_a_healthy_project_has_no_complaints(dirigent, free_port):
    dirigent("db", "upgrade")

    code, found = findings(dirigent)

    assert code == 0, found
    assert {name for name, (is_ok, _) in found.items() if not is_ok} == set()


def test_missing_tables_are_found_with_the_remedy(dirigent, free_port):
    code, found = findings(dirigent)

    assert code == 1
    assert not found["database"][0]
    assert "run `dirigent db upgrade`" in found["database"][1]


def test_a_missing_dag_folder_is_found(dirigent, project, free_port):
    (project / "dags").rmdir()

    _, found = findings(dirigent)

    assert found["dags folder"] == (
        False,
        f"{project}/dags is missing; make it, or set DIRIGENT_DAGS_FOLDER",
    )


def test_files_that_do_not_load_are_found(dirigent, project, free_port):
    dirigent("db", "upgrade")
    now = datetime(2026, 11, 21, tzinfo=UTC)
    fault = ImportFault(type="NameError", message="name 'x' is not defined")
    database = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    with database.write() as session:
        save_files(session, [FileRecord(path="a.py", fingerprint="f", parsed_at=now, error=fault)])
    database.close()

    code, found = findings(dirigent)

    assert code == 1
    assert found["dag files"] == (False, "1 file does not load: a.py. `dirigent dags errors` says why")


def test_a_port_in_use_is_found(dirigent, free_port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()

        _, found = findings(dirigent)

    assert not found["port"][0]
    assert "set DIRIGENT_PORT" in found["port"][1]


def test_the_port_of_our_own_server_is_no_complaint(dirigent, project):
    lock = ServerLock(project / ".dirigent", "http://127.0.0.1:1")

    _, found = findings(dirigent)

    lock.close()
    assert found["port"] == (True, "http://127.0.0.1:1 is this home's own server")


def test_a_broker_that_is_away_is_found(dirigent, free_port, monkeypatch):
    monkeypatch.setenv("DIRIGENT_BROKER_URL", "redis://:canary@127.0.0.1:1/0")

    _, found = findings(dirigent)

    assert not found["broker"][0]
    assert "canary" not in found["broker"][1]


def test_a_place_for_logs_that_is_no_good_is_found(dirigent, free_port, monkeypatch):
    monkeypatch.setenv("DIRIGENT_LOG_URL", "memory://logs")

    _, found = findings(dirigent)

    assert not found["logs"][0]
    assert "DIRIGENT_LOG_URL='memory://logs': nothing can be kept at memory://" in found["logs"][1]


def test_a_bad_setting_ends_the_examination(dirigent, monkeypatch):
    monkeypatch.setenv("DIRIGENT_PORT", "x")

    code, found = findings(dirigent)

    assert code == 1
    assert set(found) == {"python", "settings"}
    assert "DIRIGENT_PORT='x'" in found["settings"][1]
