"""What a process makes of the settings that keep tasks apart."""

from __future__ import annotations

import os

import pytest

from scheduler.cli.compose.isolation import task_policy_of
from scheduler.config import load_settings
from scheduler.errors import BadSetting


def policy(tmp_path, **environ):
    named = {f"DIRIGENT_{name.upper()}": value for name, value in environ.items()}
    return task_policy_of(load_settings(named | {"DIRIGENT_HOME": str(tmp_path)}, tmp_path))


def test_sizes_are_counted_in_bytes_and_nothing_is_limited_unless_it_is_said(tmp_path):
    limited = policy(tmp_path, attempt_memory_mb="100", attempt_memory_max_mb="200", attempt_cpus="0.5")
    assert (limited.memory_bytes, limited.memory_max_bytes, limited.cpus) == (100 << 20, 200 << 20, 0.5)
    free = policy(tmp_path)
    assert (free.mode, free.memory_bytes, free.memory_max_bytes, free.cpus) == ("fork", None, None, None)


@pytest.mark.parametrize("name", ["run_as_users", "run_as_default"])
def test_no_task_runs_as_root(tmp_path, name):
    with pytest.raises(BadSetting, match="no task runs as root; name other users"):
        policy(tmp_path, **{name: "root"})


if os.getuid() == 0:

    def test_a_default_user_that_is_not_there_is_refused_at_the_start(tmp_path):
        with pytest.raises(BadSetting, match="DIRIGENT_RUN_AS_DEFAULT='ghost': There is no user"):
            policy(tmp_path, run_as_default="ghost")

    def test_the_home_folder_lets_other_users_pass_and_see_nothing_but_code(tmp_path):
        tmp_path.chmod(0o700)
        policy(tmp_path, run_as_users="nobody")
        modes = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path, *tmp_path.iterdir())}
        assert modes == {tmp_path.name: 0o711, "bundles": 0o700, "logs": 0o700}

else:

    def test_a_default_user_takes_root(tmp_path):
        with pytest.raises(BadSetting, match="DIRIGENT_RUN_AS_DEFAULT='daemon': only a process that runs as"):
            policy(tmp_path, run_as_default="daemon")
