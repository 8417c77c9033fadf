"""What an answer means to the task that asked, where people see its question without its secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scheduler.logs.mask import Masker
from scheduler.store.questions import QuestionRow
from scheduler.wire import Data, Json


@dataclass(frozen=True, slots=True)
class Meaning:
    """What people see of a question, and what it stands for."""

    options: Mapping[str, str]  #: as they are shown -> as the task knows them
    shown_params: Data
    params: Data  #: as the task knows them
    secrets: Sequence[str] = ()
    masker: Masker = field(default_factory=Masker)

    def chosen(self, named: Sequence[str]) -> list[str]:
        """Return as they are shown, in their order, the options that are named so, or by what they stand for."""
        return [shown for shown, meant in self.options.items() if shown in named or meant in named]

    def is_option(self, name: str) -> bool:
        """Tell whether an option is shown so, or stands for that."""
        return name in self.options or name in self.options.values()

    def filled(self, given: Mapping[str, Json]) -> Data:
        """Return what was filled in with what its masks stand for."""
        return {name: self._filled(name, each) for name, each in given.items()}

    def _filled(self, name: str, given: Json) -> Json:
        shown, meant = self.shown_params.get(name, {}), self.params.get(name, {})
        if shown == meant:
            return given
        known: dict[str, Json] = {}
        for part in ("value", "schema"):
            for text, value in _masks(shown.get(part), meant.get(part)):
                known.setdefault(text, value)
        return _unmasked(given, shown.get("value"), meant.get("value"), known)


def meaning_of(asked: QuestionRow) -> Meaning:
    """Return what is shown of a question with what that stands for."""
    if asked.meant is None:
        return Meaning({each: each for each in asked.options}, asked.params, asked.params)
    options, secrets = asked.meant["options"], asked.meant["secrets"]
    return Meaning(
        dict(zip(asked.options, options, strict=True)),
        asked.params,
        asked.meant["params"],
        secrets,
        Masker(secrets),
    )


def _masks(shown: Json, meant: Json) -> Iterator[tuple[str, Json]]:
    """Yield the texts that are shown in place of others."""
    match shown, meant:
        case dict(), dict():
            for name in shown:
                yield from _masks(shown[name], meant.get(name))
        case list(), list():
            for each, other in zip(shown, meant, strict=False):
                yield from _masks(each, other)
        case str(), _ if shown != meant:
            yield shown, meant


def _unmasked(value: Json, shown: Json, meant: Json, known: Mapping[str, Json]) -> Json:
    """Return what is meant where it was shown so, and elsewhere what its masks stand for: secrets look alike."""
    match value:
        case str() if value == shown:
            return meant
        case str():
            return known.get(value, value)
        case list():
            return [
                _unmasked(each, _part(shown, place), _part(meant, place), known)
                for place, each in enumerate(value)
            ]
        case dict():
            return {
                name: _unmasked(each, _part(shown, name), _part(meant, name), known)
                for name, each in value.items()
            }
        case _:
            return value


def _part(whole: Json, place: str | int) -> Json:
    match whole:
        case dict():
            return whole.get(place)
        case list() if isinstance(place, int) and place < len(whole):
            return whole[place]
        case _:
            return None
