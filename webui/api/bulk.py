"""Many entities of a noun in one request: created, changed, deleted; what cannot be is told of, the rest is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import Field

from scheduler.errors import AlreadyExists, BadParams, DirigentError, NotFound
from scheduler.store.engine import Session
from scheduler.store.transaction import apart
from webui.api.frame import Answer, Body, Fields
from webui.errors import status_of

T = TypeVar("T", bound=Body)

#: Written in one transaction, which nobody else writes beside on SQLite.
MOST: Final = 1_000


class Create(Body, Generic[T]):
    """Entities to make."""

    action: Literal["create"]
    entities: list[T]
    action_on_existence: Literal["fail", "skip", "overwrite"] = "fail"


class Update(Body, Generic[T]):
    """Entities to change."""

    action: Literal["update"]
    entities: list[T]
    update_mask: list[str] | None = None
    action_on_non_existence: Literal["fail", "skip"] = "fail"


class Delete(Body, Generic[T]):
    """Entities to delete, by their names or as they are."""

    action: Literal["delete"]
    entities: list[str | T]
    action_on_non_existence: Literal["fail", "skip"] = "fail"


class Bulk(Body, Generic[T]):
    """What is to be done, in this order."""

    actions: list[Annotated[Create[T] | Update[T] | Delete[T], Field(discriminator="action")]]


class Done(Answer):
    """What became of one kind of action: names of what is done, and what could not be."""

    success: list[str]
    errors: list[dict[str, Any]]


class BulkDone(Answer):
    """What became of all of them."""

    create: Done | None = None
    update: Done | None = None
    delete: Done | None = None


@dataclass(frozen=True, slots=True)
class Noun(Generic[T]):
    """How entities of a kind are found and written."""

    what: str
    name_of: Callable[[T], str]
    exists: Callable[[Session, str], bool]
    put: Callable[[Session, T, Sequence[str] | None], object]  #: the names of the fields that count, or all
    delete: Callable[[Session, str], object]


def carry_out(session: Session, noun: Noun[T], bulk: Bulk[T]) -> Fields:
    """Do what is asked for; return what became of it. Raises BadParams where it is more than others can wait for."""
    check_count(bulk)
    out: dict[str, dict[str, list[Any]]] = {}
    for action in bulk.actions:
        done = out.setdefault(action.action, {"success": [], "errors": []})
        for entity in action.entities:
            try:
                with apart(session):
                    name = _carry_out(session, noun, action, entity)
            except DirigentError as error:
                done["errors"].append({"error": str(error), "status_code": status_of(error)})
            else:
                done["success"] += [name] if name else []
    return out


def check_count(bulk: Bulk[T]) -> None:
    """Raise BadParams where a request is about more than others can wait for."""
    count = sum(len(action.entities) for action in bulk.actions)
    if count > MOST:
        raise BadParams(f"{count:,} entities are too many for one request: send at most {MOST:,} at once.")


def _carry_out(
    session: Session, noun: Noun[T], action: Create[T] | Update[T] | Delete[T], entity: T | str
) -> str | None:
    """Do it to one; return its name, or None where it was passed over."""
    name = entity if isinstance(entity, str) else noun.name_of(entity)
    is_there = noun.exists(session, name)
    match action:
        case Create(action_on_existence="fail") if is_there:
            raise AlreadyExists(noun.what, name)
        case Create(action_on_existence="skip") if is_there:
            return None
        case Update() | Delete() if not is_there:
            if action.action_on_non_existence == "fail":
                raise NotFound(noun.what, name)
            return None
        case Delete():
            noun.delete(session, name)
        case Create() | Update():
            assert not isinstance(entity, str)  # Only what is deleted may be told by its name.
            noun.put(session, entity, action.update_mask if isinstance(action, Update) else None)
    return name
