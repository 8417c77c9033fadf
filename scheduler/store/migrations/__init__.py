"""How the tables came to be: one file a revision, run by Alembic. `scheduler.store.migrate` is the door."""

from __future__ import annotations

from typing import Final

#: Every revision this program knows, oldest first. A database at another is of a newer Dirigent.
REVISIONS: Final = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
    "0028",
    "0029",
    "0030",
    "0031",
    "0032",
    "0033",
    "0034",
    "0035",
    "0036",
    "0037",
    "0038",
    "0039",
    "0040",
    "0041",
)
HEAD: Final = REVISIONS[-1]
#: The oldest revision whose programs can work with tables at HEAD: what came since only adds, and leaves their writes
#: valid. A migration that does more raises this to itself, and writes it into `table_form`.
OLDEST: Final = "0003"
