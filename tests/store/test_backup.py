import pytest

from scheduler.errors import BadBackup
from scheduler.store import Database
from scheduler.store.backup import back_up, restore


@pytest.mark.parametrize("act", [back_up, restore])
def test_postgresql_is_left_to_its_own_tools(act, tmp_path):
    db = Database("postgresql://me:canary@127.0.0.1:1/db")

    with pytest.raises(BadBackup, match="pg_dump") as told:
        act(db, tmp_path / "file")

    assert "canary" not in str(told.value)
