"""What a repository may hold: links, submodules, filters, and more than there is room for."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def test_submodules_and_large_file_pointers_are_named(works):
    works.repository.write("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    commit = works.repository.commit()
    works.repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/lib")
    works.repository.git("commit", "--quiet", "-m", "Add a submodule")
    works.sweep()
    assert "'model.bin' is kept by Git LFS, which is not supported" in works.warnings()
    assert "'vendor/lib' is a submodule, which is not supported" in works.warnings()


def test_links_are_followed_inside_the_folder_and_never_out_of_it(works, tmp_path):
    (tmp_path / "secret.txt").write_text("hush")
    works.repository.write("data/real.txt", "here")
    for name, target in {
        "near.txt": "data/real.txt",
        "far.txt": str(tmp_path / "secret.txt"),
        "up.txt": "../../../../../../secret.txt",
        "home": "../../../..",
        "round": "round",
        "by.txt": "home/secret.key",
    }.items():
        (works.repository.folder / name).symlink_to(target)
    works.repository.commit()
    works.sweep()
    assert works.texts() == {"data/real.txt": "here", "near.txt": "here"}
    for name in ("far.txt", "up.txt", "home", "round", "by.txt"):
        assert f"'{name}' is a link that leads out of the folder" in works.warnings()


def test_a_path_that_leads_elsewhere_is_refused_with_all_that_comes_with_it(works, tmp_path):
    hash_ = works.repository.git("hash-object", "-w", "--stdin", given=b"evil")
    inner = works.repository.git("mktree", given=f"100644 blob {hash_}\tescaped.txt\n".encode())
    raw = bytes.fromhex(inner)
    tree = works.repository.git(
        "hash-object", "-t", "tree", "-w", "--stdin", "--literally", given=b"40000 ..\0" + raw
    )
    commit = works.repository.git("commit-tree", tree, "-m", "Climb out")
    works.repository.git("update-ref", "refs/heads/main", commit)
    works.sweep()
    assert "holds a path that leads elsewhere" in works.fault()
    assert not list(tmp_path.rglob("escaped.txt"))


def bomb(repository, leaf, levels):
    """Commit a few objects that stand for ten to the power of `levels` files."""
    hash_, kind = repository.git("hash-object", "-w", "--stdin", given=leaf), "100644 blob"
    for _ in range(levels):
        lines = "".join(f"{kind} {hash_}\t{name}\n" for name in range(10))
        hash_, kind = repository.git("mktree", given=lines.encode()), "040000 tree"
    commit = repository.git("commit-tree", hash_, "-m", "Grow")
    repository.git("update-ref", "refs/heads/main", commit)


@pytest.mark.parametrize(
    ("leaf", "levels", "words"),
    [(b"", 12, "holds too many files"), (b"x" * 1_000_000, 4, "have 10,000,000,000 bytes together")],
)
def test_a_small_repository_of_endless_content_fills_neither_memory_nor_disk(works, leaf, levels, words):
    works.repository.write_dag("shop.py", "shop")
    works.repository.commit()
    works.sweep()
    bomb(works.repository, leaf, levels)
    works.sweep()
    assert words in works.fault()
    assert list(works.texts()) == ["shop.py"]


def test_no_hook_no_filter_and_no_attribute_of_a_repository_is_obeyed(works, tmp_path):
    witness = tmp_path / "ran"
    works.repository.write(".gitattributes", "*.txt filter=evil export-ignore eol=crlf\n")
    works.repository.write("a.txt", "one\n")
    works.repository.commit()
    config = tmp_path / "home.gitconfig"
    config.write_text(
        f'[filter "evil"]\n\tsmudge = touch {witness}\n[core]\n\thooksPath = {tmp_path}/hooks\n'
    )
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {witness}\n")
        (hooks / name).chmod(0o755)
    home = tmp_path / "person"
    home.mkdir()
    config.rename(home / ".gitconfig")
    works.reopen(environ={**os.environ, "HOME": str(home)})
    works.sweep()
    assert works.texts()["a.txt"] == "one\n"
    assert not witness.exists()
