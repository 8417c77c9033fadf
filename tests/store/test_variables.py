from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.security.encryption import FernetCipher, Undecryptable
from scheduler.security.secret_key import SecretKey
from scheduler.store import variables
from scheduler.store.tables import variable
from tests.store.specs import NOW

CIPHER = FernetCipher(SecretKey(("k" * 40,)))


def test_a_variable_is_set_replaced_and_deleted(db, write):
    write(variables.put_variable, NOW, CIPHER, "region", "eu", description="where we sell")
    write(variables.put_variable, NOW + timedelta(hours=1), CIPHER, "region", "us")
    with db.read() as session:
        assert variables.get_variable(session, CIPHER, "region") == "us"
        (ref,) = variables.list_variables(session)
    assert (ref.key, ref.description, ref.updated_at) == ("region", "where we sell", NOW + timedelta(hours=1))
    assert write(variables.delete_variable, "region")
    assert not write(variables.delete_variable, "region")
    assert write(variables.get_variable, CIPHER, "region") is None


def test_several_are_read_at_once_and_missing_ones_left_out(write):
    for key in ("a", "b"):
        write(variables.put_variable, NOW, CIPHER, key, key.upper())
    assert write(variables.get_variables, CIPHER, ["a", "b", "c"]) == {"a": "A", "b": "B"}


@pytest.mark.parametrize("text", ["", "ünï 😀", "x" * 1_000_000])
def test_any_text_comes_back_as_it_was(write, text):
    write(variables.put_variable, NOW, CIPHER, "k", text)
    assert write(variables.get_variable, CIPHER, "k") == text


def test_the_database_does_not_hold_the_text(db, write):
    write(variables.put_variable, NOW, CIPHER, "token", "hunter2")
    with db.read() as session:
        stored = session.scalars(sa.select(variable.c.value)).one()
    assert b"hunter2" not in bytes(stored)


def test_with_another_key_it_cannot_be_read(write):
    write(variables.put_variable, NOW, CIPHER, "token", "hunter2")
    with pytest.raises(Undecryptable):
        write(variables.get_variable, FernetCipher(SecretKey(("z" * 40,))), "token")


def test_after_a_rotation_the_old_key_may_be_left_out(db, write):
    old, new = "o" * 40, "n" * 40
    for key in ("a", "b"):
        write(variables.put_variable, NOW, FernetCipher(SecretKey((old,))), key, key * 3)
    assert write(variables.reseal_variables, FernetCipher(SecretKey((new, old))).reseal) == 2
    with db.read() as session:
        found = variables.get_variables(session, FernetCipher(SecretKey((new,))), ["a", "b"])
    assert found == {"a": "aaa", "b": "bbb"}


def test_without_the_old_key_a_rotation_changes_nothing(db, write):
    old, new = FernetCipher(SecretKey(("o" * 40,))), FernetCipher(SecretKey(("n" * 40,)))
    write(variables.put_variable, NOW, new, "a", "new")
    write(variables.put_variable, NOW, old, "b", "old")
    with pytest.raises(Undecryptable):
        write(variables.reseal_variables, new.reseal)
    assert write(variables.get_variable, old, "b") == "old"
