"""The part that loads Alembic; imported only where a database must really be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config

from scheduler.store.engine import Session

_FOLDER: Final = Path(__file__).parent


def _config(session: Session) -> Config:
    config = Config()
    # A '%' in a folder's name would otherwise be read as the start of an interpolation.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["session"] = session
    return config


def upgrade(session: Session, revision: str) -> None:
    """Run the revisions up to `revision` in this session's transaction."""
    command.upgrade(_config(session), revision)


def downgrade(session: Session, revision: str) -> None:
    """Undo the revisions after `revision` in this session's transaction; `base` undoes all of them."""
    command.downgrade(_config(session), revision)
