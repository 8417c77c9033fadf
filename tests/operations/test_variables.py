import pytest
import sqlalchemy as sa

from scheduler.errors import BadName, NotFound, TooLarge
from scheduler.operations.variables import LIMIT_BYTES, read_variable, remove_variable, set_variable
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store.tables import event
from scheduler.store.variables import list_variables
from tests.store.specs import NOW

CIPHER = FernetCipher(SecretKey(("k" * 40,)))


def test_a_variable_is_set_read_and_deleted(db, write):
    write(set_variable, NOW, CIPHER, "limit", "9", description="rows", actor="cli")
    write(set_variable, NOW, CIPHER, "limit", "10", actor="cli")
    assert write(read_variable, CIPHER, "limit") == "10"
    assert [each.description for each in write(list_variables)] == ["rows"]
    write(remove_variable, NOW, "limit", actor="cli")
    with pytest.raises(NotFound, match="There is no variable 'limit'"):
        write(read_variable, CIPHER, "limit")
    with pytest.raises(NotFound, match="There is no variable 'limit'"):
        write(remove_variable, NOW, "limit", actor="cli")


def test_events_name_the_variable_and_never_its_value(db, write):
    db.wake.wait(0)
    write(set_variable, NOW, CIPHER, "token", "s3cret", actor="user:ada")
    assert db.wake.wait(0)
    write(remove_variable, NOW, "token", actor="cli")
    with db.read() as session:
        rows = list(session.execute(sa.select(event)).mappings())
    assert [(row["kind"], row["reason"]) for row in rows] == [
        ("variable.set", "token"),
        ("variable.deleted", "token"),
    ]
    assert "s3cret" not in str(rows)


def test_what_is_refused_is_named_without_its_value(write):
    with pytest.raises(BadName, match="variable '' is not allowed"):
        write(set_variable, NOW, CIPHER, "", "s3cret", actor="cli")
    with pytest.raises(TooLarge) as told:
        write(set_variable, NOW, CIPHER, "big", "s3cret" * LIMIT_BYTES, actor="cli")
    assert "s3cret" not in str(told.value)
    assert write(list_variables) == []
