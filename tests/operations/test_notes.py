import pytest
import sqlalchemy as sa

from scheduler.errors import NotFound, TooLarge
from scheduler.operations.notes import set_note
from scheduler.store.tables import dag_run, event
from tests.operations.plays import started_run
from tests.store.specs import NOW


def test_a_note_is_kept_with_who_wrote_it(db, write):
    write(started_run)
    write(set_note, NOW, "shop", "r1", "late data, see ticket 7", actor="user:ada")
    with db.read() as session:
        assert session.scalars(sa.select(dag_run.c.note)).all() == ["late data, see ticket 7"]
        told = sa.select(event.c.actor).where(event.c.kind == "run.note")
        assert session.scalars(told).all() == ["user:ada"]


def test_a_note_that_is_too_long_or_of_no_run_is_refused(write):
    write(started_run)
    with pytest.raises(TooLarge, match="The note"):
        write(set_note, NOW, "shop", "r1", "x" * 10_001, actor="")
    with pytest.raises(NotFound):
        write(set_note, NOW, "shop", "r9", "x", actor="")
