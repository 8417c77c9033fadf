"""What a look at the DAG folder sees, and what it leaves out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler.parsing.scan import ROOT, scan_folder


@pytest.fixture
def put(tmp_path):
    def write(path, text=""):
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    return write


def seen(folder):
    return sorted(scan_folder(folder).files)


def test_files_are_found_at_any_depth_with_slashes(put, tmp_path):
    put("a.py")
    put("sub/deep/b.sql")
    assert seen(tmp_path) == ["a.py", "sub/deep/b.sql"]


def test_hidden_things_and_caches_are_left_out(put, tmp_path):
    for path in (".git/config", ".env", "__pycache__/a.pyc", "sub/__pycache__/b.pyc", "a.py"):
        put(path)
    assert seen(tmp_path) == ["a.py"]


@pytest.mark.parametrize("name", [".airflowignore", ".dirigentignore"])
def test_an_ignore_file_works_like_gitignore(put, tmp_path, name):
    put(name, "# drafts\n*_draft.py\n/build/\nlogs/**\n!logs/keep.txt\n\n")
    for path in (
        "a.py",
        "a_draft.py",
        "sub/b_draft.py",
        "build/x.py",
        "sub/build/y.py",
        "logs/a.log",
        "logs/keep.txt",
    ):
        put(path)
    assert seen(tmp_path) == ["a.py", "logs/keep.txt", "sub/build/y.py"]


def test_an_ignore_file_in_a_folder_speaks_for_that_folder_and_wins(put, tmp_path):
    put(".dirigentignore", "*.csv\n")
    put("data/.dirigentignore", "!rates.csv\n/tmp.py\n")
    for path in ("a.csv", "data/rates.csv", "data/other.csv", "data/tmp.py", "tmp.py"):
        put(path)
    assert seen(tmp_path) == ["data/rates.csv", "tmp.py"]


def test_an_ignore_file_that_cannot_be_read_is_passed_over_with_a_warning(put, tmp_path):
    put("a.py")
    (tmp_path / ".dirigentignore").write_bytes(b"\xff\xfe\n")
    scan = scan_folder(tmp_path)
    assert sorted(scan.files) == ["a.py"]
    assert ".dirigentignore cannot be read" in scan.warnings[0]


def test_links_are_followed_but_not_in_circles(put, tmp_path):
    put("real/a.py")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "loop").symlink_to("..")
    (tmp_path / "nowhere.py").symlink_to("missing.py")
    found = seen(tmp_path)
    assert {"real/a.py", "link/a.py"} <= set(found)
    assert not any("loop" in path for path in found)
    assert len(found) < 20


def test_links_to_where_the_kernel_tells_of_the_server_are_left_out_with_a_warning(put, tmp_path):
    put("a.py")
    (tmp_path / "environ.txt").symlink_to("/proc/self/environ")
    (tmp_path / "self").symlink_to("/proc/self")
    (tmp_path / "zero.py").symlink_to("/dev/zero")
    scan = scan_folder(tmp_path)
    assert list(scan.files) == ["a.py"]
    assert [text.partition(" ")[0] for text in scan.warnings] == ["environ.txt", "self", "zero.py"]


def test_the_home_folder_is_left_out_wherever_it_lies(put, tmp_path):
    for path in ("dags/a.py", "home/secret_key", "dags/state/secret_key"):
        put(path)
    dags = tmp_path / "dags"
    (dags / "key.txt").symlink_to("../home/secret_key")
    (dags / "all").symlink_to("../home")
    scan = scan_folder(dags, tmp_path / "home")
    assert sorted(scan.files) == ["a.py", "state/secret_key"]
    assert ["key.txt" in text or "all" in text for text in scan.warnings] == [True, True]
    assert sorted(scan_folder(dags, dags / "state").files) == ["a.py", "all/secret_key", "key.txt"]


def test_a_dag_folder_in_the_home_folder_is_read(put, tmp_path):
    put("home/dags/a.py")
    assert list(scan_folder(tmp_path / "home" / "dags", tmp_path / "home").files) == ["a.py"]


@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_an_ignore_file_that_never_ends_is_passed_over_with_a_warning(put, tmp_path, kind):
    put("a.py")
    if kind == "pipe":
        os.mkfifo(tmp_path / ".dirigentignore")
    else:
        (tmp_path / ".dirigentignore").symlink_to("/dev/zero")
    scan = scan_folder(tmp_path)
    assert list(scan.files) == ["a.py"]
    assert "no plain file" in scan.warnings[0]


def test_a_path_that_no_index_holds_is_left_out(put, tmp_path):
    put("/".join(["d" * 200] * 3) + "/a.py")
    scan = scan_folder(tmp_path)
    assert scan.files == {}
    assert "500 characters" in scan.warnings[0]


def test_what_is_no_file_is_left_out(put, tmp_path):
    put("a.py")
    os.mkfifo(tmp_path / "pipe.py")
    assert seen(tmp_path) == ["a.py"]


def test_a_name_that_is_not_utf8_is_left_out_with_a_warning(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")).write_text("")
    scan = scan_folder(tmp_path)
    assert scan.files == {}
    assert "not UTF-8" in scan.warnings[0]


def test_a_large_file_is_left_out_with_a_warning_that_says_what_to_do(tmp_path):
    with (tmp_path / "big.parquet").open("wb") as big:
        big.truncate(50_000_001)
    scan = scan_folder(tmp_path)
    assert scan.files == {}
    assert "big.parquet is left out" in scan.warnings[0]
    assert ".dirigentignore" in scan.warnings[0]


def test_a_missing_folder_is_unreadable_and_hides_everything(tmp_path):
    scan = scan_folder(tmp_path / "dags")
    assert scan.unreadable == {ROOT: "No such file or directory"}
    assert scan.hides("a.py")


def test_a_file_in_place_of_the_folder_is_unreadable(put, tmp_path):
    put("dags")
    assert scan_folder(tmp_path / "dags").unreadable == {ROOT: "Not a directory"}


@pytest.fixture
def without_rights():
    """Become somebody who may not read what is 0700, also where the tests run as root."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield
        os.seteuid(0)
    else:
        yield


def test_a_folder_without_rights_hides_what_is_in_it_and_nothing_else(put, tmp_path, request):
    for path in ("a.py", "secret/b.py"):
        put(path)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        # Those of pytest; never the system's, which is open already and has more bits.
        if not parent.stat().st_mode & 0o001:
            parent.chmod(0o711)
    (tmp_path / "secret").chmod(0o000)
    request.getfixturevalue("without_rights")
    scan = scan_folder(tmp_path)
    assert sorted(scan.files) == ["a.py"]
    assert scan.unreadable == {"secret": "Permission denied"}
    assert scan.hides("secret/b.py")
    assert not scan.hides("a.py")
