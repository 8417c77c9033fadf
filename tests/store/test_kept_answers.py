"""What writes were answered, by the keys of their callers."""

from datetime import timedelta

from scheduler.store.kept_answers import (
    KEPT_FOR,
    claim_key,
    count_kept,
    delete_old_answers,
    find_kept,
    keep_answer,
)
from tests.store.specs import NOW


def _find(db, key, now=NOW):
    with db.read() as session:
        return find_kept(session, now, key)


def test_a_key_is_taken_once_until_it_is_over(db, write):
    assert write(claim_key, NOW, "k", "ada", "d")
    assert not write(claim_key, NOW + timedelta(hours=1), "k", "ada", "d")
    write(keep_answer, "k", 200, b"{}")
    kept = _find(db, "k")
    assert (kept.status, kept.answer, kept.digest, kept.at) == (200, b"{}", "d", NOW)
    assert _find(db, "k", NOW + KEPT_FOR) is None
    assert write(claim_key, NOW + KEPT_FOR, "k", "ada", "e")
    assert _find(db, "k", NOW + KEPT_FOR).status is None


def test_answers_that_are_over_are_deleted_a_few_at_a_time(db, write):
    for key in "abc":
        write(claim_key, NOW, key, "ada", "d")
    write(claim_key, NOW + KEPT_FOR, "new", "ada", "d")
    assert write(delete_old_answers, NOW + KEPT_FOR, 2) == 2
    assert write(delete_old_answers, NOW + KEPT_FOR, 2) == 1
    with db.read() as session:
        assert count_kept(session, "ada") == 1
