"""Rights, the roles that hold them, and who asks. Pure: what somebody may do follows from what they were granted.

A right is about DAGs, about what teams own (variables, connections, pools, assets), or about the server. Of those about
the server, only a grant whose scope is everything counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scheduler.core.scopes import EVERYTHING, Scope, union


class Right(StrEnum):
    """What one may be allowed to do."""

    #: See DAGs, their runs and tasks, and what is said of them: events, alerts, questions, sums.
    DAG_READ = "dag.read"
    #: Trigger, rerun, clear, cancel, mark and annotate runs; backfill.
    DAG_RUN = "dag.run"
    #: Pause and resume a DAG, say what its schedule means, delete it.
    DAG_EDIT = "dag.edit"
    #: Read the files of a DAG.
    DAG_CODE = "dag.code"
    LOG_READ = "log.read"
    #: Read what tasks hand on: XComs, results, artifacts, what they keep.
    XCOM_READ = "xcom.read"
    XCOM_EDIT = "xcom.edit"
    #: Answer what tasks ask people.
    QUESTION_ANSWER = "question.answer"
    ASSET_READ = "asset.read"
    #: Say that an asset has changed.
    ASSET_EDIT = "asset.edit"
    VARIABLE_READ = "variable.read"
    VARIABLE_EDIT = "variable.edit"
    CONNECTION_READ = "connection.read"
    CONNECTION_EDIT = "connection.edit"
    #: Have a connection tried out: its host is called from a worker.
    CONNECTION_TEST = "connection.test"
    POOL_READ = "pool.read"
    POOL_EDIT = "pool.edit"
    #: See workers, schedulers, queues, metrics, health of parts, plugins, providers.
    SERVER_READ = "server.read"
    #: Use the pages of plugins, which see what they like.
    PLUGIN_USE = "plugin.use"
    #: Read the settings, masked.
    SETTING_READ = "setting.read"
    #: Read who did what, and who was refused.
    AUDIT_READ = "audit.read"
    #: See and change users, their roles and their tokens.
    USER_EDIT = "user.edit"


#: About no DAG and nothing that a team owns.
OF_SERVER: Final = frozenset(
    {Right.SERVER_READ, Right.PLUGIN_USE, Right.SETTING_READ, Right.AUDIT_READ, Right.USER_EDIT}
)

#: What changes something shows it, in form, preview and answer: who may change it must be one who may see it.
SHOWN_BY: Final[Mapping[Right, Right]] = {
    Right.DAG_RUN: Right.DAG_READ,
    Right.DAG_EDIT: Right.DAG_READ,
    Right.XCOM_EDIT: Right.XCOM_READ,
    Right.QUESTION_ANSWER: Right.DAG_READ,
    Right.ASSET_EDIT: Right.ASSET_READ,
    Right.VARIABLE_EDIT: Right.VARIABLE_READ,
    Right.CONNECTION_EDIT: Right.CONNECTION_READ,
    Right.CONNECTION_TEST: Right.CONNECTION_READ,
    Right.POOL_EDIT: Right.POOL_READ,
}


def with_sight(rights: Iterable[Right]) -> tuple[Right, ...]:
    """Return rights, and after them those to see what they change."""
    given = tuple(rights)
    return tuple(dict.fromkeys([*given, *(SHOWN_BY[each] for each in given if each in SHOWN_BY)]))


_VIEWER: Final = frozenset(
    {
        Right.DAG_READ,
        Right.DAG_CODE,
        Right.LOG_READ,
        Right.XCOM_READ,
        Right.ASSET_READ,
        Right.POOL_READ,
        Right.SERVER_READ,
    }
)
_USER: Final = _VIEWER | {
    Right.DAG_RUN,
    Right.DAG_EDIT,
    Right.XCOM_EDIT,
    Right.QUESTION_ANSWER,
    Right.ASSET_EDIT,
    Right.PLUGIN_USE,
}
_OP: Final = _USER | {
    Right.VARIABLE_READ,
    Right.VARIABLE_EDIT,
    Right.CONNECTION_READ,
    Right.CONNECTION_EDIT,
    Right.CONNECTION_TEST,
    Right.POOL_EDIT,
    Right.SETTING_READ,
}

#: The roles that are always there, the least first.
ROLES: Final[Mapping[str, frozenset[Right]]] = {
    "Viewer": _VIEWER,
    "User": _USER,
    "Op": _OP,
    "Admin": frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights about some DAGs, and about what the teams among the scope own."""

    rights: frozenset[Right]
    scope: Scope = EVERYTHING
    role: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what they were granted."""

    name: str
    proof: str = ""  #: how they proved it: link | password | oidc | token
    grants: tuple[Grant, ...] = ()

    def scope_of(self, right: Right) -> Scope:
        """Return what they have a right about."""
        return union(*(each.scope for each in self.grants if right in each.rights))

    def may(self, right: Right) -> bool:
        """Tell whether they have a right about anything; one about the server, whether they have it."""
        scope = self.scope_of(right)
        return scope.is_all if right in OF_SERVER else not scope.is_empty

    @property
    def is_known(self) -> bool:
        """Whether anybody is signed in."""
        return bool(self.name)


NOBODY: Final = Asker("")


def owner(name: str, proof: str = "link") -> Asker:
    """Return somebody who may do everything: the one person of a server without accounts."""
    return Asker(name, proof, (Grant(ROLES["Admin"], role="Admin"),))
