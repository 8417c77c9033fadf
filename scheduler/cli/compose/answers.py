"""What answers the children of a server: the database, before it the environment, and first what plugins bring."""

from __future__ import annotations

from scheduler.cli.compose.house import House
from scheduler.operations.answers import Answers
from scheduler.plugins.secrets import Answer, secrets_first
from scheduler.sdk.variables import EnvironmentReader
from scheduler.security.encryption import FernetCipher


def answer_of(house: House) -> Answer:
    """Return what answers running tasks, and DAG files while they are imported."""
    days = house.settings.task_state_days
    answers = Answers(house.db, FernetCipher(house.secret), house.clock, state_days=days)
    return secrets_first(house.plugins, EnvironmentReader(), answers)
