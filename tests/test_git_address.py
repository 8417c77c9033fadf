"""What may be fetched by git: nothing that could be an option, and nothing that runs a program."""

import pytest

from scheduler.config import load_settings
from scheduler.errors import BadSetting
from scheduler.git_address import (
    check_ref,
    check_subfolder,
    check_view_url,
    read_address,
    shown_address,
    usual_view_url,
)

ENVIRON = {"DIRIGENT_DAGS_GIT_URL": "https://git.shop.test/dags.git"}


@pytest.mark.parametrize(
    ("text", "scheme", "host", "url", "user", "password"),
    [
        ("https://h.test/a.git", "https", "h.test", "https://h.test/a.git", "", ""),
        (
            "https://ana:p%40ss@h.test:8443/a.git",
            "https",
            "h.test:8443",
            "https://h.test:8443/a.git",
            "ana",
            "p@ss",
        ),
        ("https://token@h.test/a.git", "https", "h.test", "https://h.test/a.git", "token", ""),
        ("http://127.0.0.1:3000/a.git", "http", "127.0.0.1:3000", "http://127.0.0.1:3000/a.git", "", ""),
        ("ssh://git@h.test:22/a.git", "ssh", "h.test:22", "ssh://git@h.test:22/a.git", "git", ""),
        ("git@h.test:team/a.git", "ssh", "h.test", "git@h.test:team/a.git", "git", ""),
        ("file:///srv/a.git", "file", "", "file:///srv/a.git", "", ""),
    ],
)
def test_an_address_is_taken_apart_from_its_password(text, scheme, host, url, user, password):
    found = read_address(text)
    assert (found.scheme, found.host, found.url, found.user, found.password) == (
        scheme,
        host,
        url,
        user,
        password,
    )
    assert not password or password not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dags",
        "/srv/a.git",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c touch% /tmp/x",
        "fd::17/foo",
        "git://h.test/a.git",
        "http://h.test/a.git",
        "ftp://h.test/a.git",
        "ssh://-oProxyCommand=touch/a.git",
        "ssh://-oProxyCommand@h.test/a.git",
        "-oProxyCommand=x@h.test:a.git",
        "git@-oProxyCommand:a.git",
        "git@h.test:--upload-pack",
        "https://h.test/a.git --upload-pack=x",
        "https://h.test",
        "https://",
        "file://h.test/a.git",
        "https://h.test/a\n.git",
    ],
)
def test_what_could_run_a_program_or_be_an_option_is_no_address(text):
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        read_address(text)


@pytest.mark.parametrize(
    "ref", ["main", "HEAD", "release/2.1", "refs/heads/x", "v1.0+build@2", "a" * 40, "a-b_c#1"]
)
def test_branches_tags_and_commits_are_refs(ref):
    assert check_ref(ref) == ref


@pytest.mark.parametrize(
    "ref",
    ["", "-x", "--upload-pack=x", "a..b", "a:b", "+a", "a b", "a^", "a~1", "a*", "/a", "a/", "a//b", "a.lock", "@{1}",
     "a@{1}", "a\\b", "a\n", ".a", "a.", "a?"],
)  # fmt: skip
def test_what_git_would_read_otherwise_is_no_ref(ref):
    with pytest.raises(ValueError, match="give a branch"):
        check_ref(ref)


@pytest.mark.parametrize("path", ["/etc", "..", "a/../b", "a//b", ".", "a/./b", "a\0b"])
def test_a_subfolder_stays_below_the_top(path):
    with pytest.raises(ValueError, match="give a folder"):
        check_subfolder(path)


def test_the_pages_of_commits_are_known_for_some_sites():
    assert (
        usual_view_url(read_address("git@github.com:acme/dags.git"))
        == "https://github.com/acme/dags/commit/{version}"
    )
    assert (
        usual_view_url(read_address("https://t@gitlab.com/a/b/c"))
        == "https://gitlab.com/a/b/c/-/commit/{version}"
    )
    assert usual_view_url(read_address("https://git.shop.test/a")) == ""


@pytest.mark.parametrize(
    "template", ["https://h/{commit}", "https://h/{0}", "https://h/{", "https://h/{version.x}"]
)
def test_only_version_and_subdir_are_filled_in(template):
    with pytest.raises(ValueError, match="only"):
        check_view_url(template)


def test_an_address_of_a_page_is_no_script():
    with pytest.raises(ValueError, match="https://"):
        check_view_url("javascript:alert('{version}')")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("URL", "ftp://ana:hush@h.test/a.git", "ftp://***@h.test/a.git"),
        ("URL", "https://ana:x/hush@h.test/a.git", "https://***@h.test/a.git"),
        ("HOOK_SECRET", "hush", "***"),
        ("REF", "--x", "--x"),
        ("SUBFOLDER", "../x", "../x"),
        ("VIEW_URL", "h/{version}", "h/{version}"),
    ],
)
def test_a_bad_setting_is_named_without_its_secret(tmp_path, name, value, shown):
    with pytest.raises(BadSetting) as refused:
        load_settings({**ENVIRON, f"DIRIGENT_DAGS_GIT_{name}": value}, tmp_path)
    assert str(refused.value).startswith(f"DIRIGENT_DAGS_GIT_{name}={shown!r}: ")
    assert "hush" not in str(refused.value)


def test_what_is_secret_is_not_shown_with_the_settings(tmp_path):
    secrets = {
        "TOKEN": "hush-token",
        "HOOK_SECRET": "hush-hush-hush-hush",
        "URL": "https://hush:hush@h.test/a.git",
    }
    settings = load_settings(
        {f"DIRIGENT_DAGS_GIT_{name}": value for name, value in secrets.items()}, tmp_path
    )
    assert "hush" not in str(settings.shown())
    assert settings.shown()["dags_git_url"] == "https://***@h.test/a.git"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ana:hush@git.shop.test/dags.git", "https://***@git.shop.test/dags.git"),
        ("https://ana:h@hush@git.shop.test/dags.git", "https://***@git.shop.test/dags.git"),
        ("https://ana:h@x/hush@git.shop.test/dags.git", "https://***@git.shop.test/dags.git"),
        ("https://git.shop.test:8443/dags@v1", "https://git.shop.test:8443/dags@v1"),
        ("ftp://hush@@git.shop.test", "ftp://***@git.shop.test"),
        ("https://git.shop.test/dags@v1", "https://git.shop.test/dags@v1"),
        ("git@git.shop.test:dags.git", "git@git.shop.test:dags.git"),
    ],
)
def test_of_an_address_nothing_before_its_host_is_shown(text, shown):
    assert shown_address(text) == shown
