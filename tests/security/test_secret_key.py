import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from scheduler.errors import BadSetting
from scheduler.security.secret_key import FILE_NAME, SecretKey, load_secret_key


def test_a_secret_is_made_at_the_first_start_for_its_owner_only_and_kept(tmp_path):
    home = tmp_path / "new" / "home"
    first = load_secret_key(home, None, may_create=True)
    assert load_secret_key(home, None, may_create=False) == first
    assert stat.S_IMODE((home / FILE_NAME).stat().st_mode) == 0o600
    assert [each.name for each in home.iterdir()] == [FILE_NAME]


def test_two_homes_have_two_secrets(tmp_path):
    made = {load_secret_key(tmp_path / name, None, may_create=True).keys for name in ("a", "b")}
    assert len(made) == 2


def test_processes_that_start_at_once_share_one_secret(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: load_secret_key(tmp_path, None, may_create=True).keys, range(64)))
    assert len(set(made)) == 1


def test_a_distributed_process_without_a_secret_refuses_to_start(tmp_path):
    with pytest.raises(BadSetting, match="one common secret"):
        load_secret_key(tmp_path, None, may_create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_given_secret_comes_before_the_one_of_the_home_folder(tmp_path):
    load_secret_key(tmp_path, None, may_create=True)
    assert load_secret_key(tmp_path, "n" * 40 + " " + "o" * 40, may_create=False).keys == ("n" * 40, "o" * 40)


def test_a_secret_that_others_may_read_is_refused_with_the_command_that_helps(tmp_path):
    load_secret_key(tmp_path, None, may_create=True)
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(BadSetting, match="chmod 600"):
        load_secret_key(tmp_path, None, may_create=True)


@pytest.mark.parametrize("given", ["", "short", "n" * 40 + " short"])
def test_a_short_secret_is_refused_without_showing_it(tmp_path, given):
    with pytest.raises(BadSetting, match="32 characters") as caught:
        load_secret_key(tmp_path, given, may_create=True)
    assert "short" not in str(caught.value)


def test_a_secret_never_stands_in_a_repr():
    assert "nnnn" not in repr(SecretKey(("n" * 40,)))
