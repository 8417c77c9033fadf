"""What models of requests and answers build on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

#: What a view returns: the fields of its answer, by name.
Fields = Mapping[str, Any]


class Query(BaseModel):
    """Parameters behind the `?` of an address. Unknown ones are refused; one that is a tuple may be repeated."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Body(BaseModel):
    """A JSON object that is sent. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    #: Whether nothing may be sent, which is as much as an object without fields.
    MAY_BE_LEFT_OUT: ClassVar[bool] = False


class Answer(BaseModel):
    """A JSON object that is answered: exactly these fields."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, defer_build=True)


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of the range of dates") from None


#: An instant with its time zone, in UTC from here on.
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
