import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.security.encryption import FernetCipher, Undecryptable
from scheduler.security.secret_key import SecretKey

OLD = "o" * 40
NEW = "n" * 40
CIPHER = FernetCipher(SecretKey((OLD,)))


@given(st.text())
def test_what_was_sealed_comes_back(text):
    assert CIPHER.unseal(CIPHER.seal(text)) == text


def test_a_sealed_text_does_not_show_and_is_never_the_same_twice():
    first, second = CIPHER.seal("hunter2"), CIPHER.seal("hunter2")
    assert b"hunter2" not in first
    assert first != second


def test_after_a_rotation_old_texts_stay_readable_and_new_ones_need_the_new_key():
    sealed = CIPHER.seal("hunter2")
    rotated = FernetCipher(SecretKey((NEW, OLD)))
    only_new = FernetCipher(SecretKey((NEW,)))
    assert rotated.unseal(sealed) == "hunter2"
    assert only_new.unseal(rotated.reseal(sealed)) == "hunter2"
    with pytest.raises(Undecryptable, match="another key"):
        only_new.unseal(sealed)


def test_altered_data_is_refused():
    sealed = bytearray(CIPHER.seal("hunter2"))
    sealed[20] ^= 1
    with pytest.raises(Undecryptable):
        CIPHER.unseal(bytes(sealed))
