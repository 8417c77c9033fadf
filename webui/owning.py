"""What teams own: variables, connections and pools. Who has rights about some teams writes what those own, no more."""

from __future__ import annotations

from scheduler.core.scopes import Scope
from scheduler.errors import BadParams, Forbidden, NotFound
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.teams import Owned, give_to_team, teams_of
from webui.context import asker


def check_owned(session: Session, what: Owned, name: str, right: Right) -> bool:
    """Tell whether there is such a thing. Raises NotFound for one that is another team's, or everybody's."""
    found, scope = teams_of(session, what, [name]), asker().scope_of(right)
    if name in found and not _owns(scope, found[name]):
        raise NotFound(what, name)
    return name in found


def give_to(session: Session, what: Owned, name: str, right: Right, team: str | None) -> None:
    """Let something new be a team's, as `owner_of_new` says."""
    owner = owner_of_new(what, name, right, team)
    if owner is not None:
        give_to_team(session, what, name, owner)


def owner_of_new(what: Owned, name: str, right: Right, team: str | None) -> str | None:
    """Return whose something new is to be: the team that is named, or else the only one of whoever asks.

    Raises Forbidden for a team that is none of theirs, BadParams where it must be named.
    """
    scope = asker().scope_of(right)
    if team is None and not scope.is_all:
        if len(scope.teams) != 1:
            raise BadParams(
                f"Say in team_name whose the {what} {name!r} is to be: {', '.join(sorted(scope.teams))}."
            )
        (team,) = scope.teams
    if not _owns(scope, team):
        raise Forbidden(f"You may not make a {what} of team {team!r}: you have no rights about it.")
    return team


def _owns(scope: Scope, team: str | None) -> bool:
    return scope.is_all or team in scope.teams
