"""A question as people see it: without secrets, and still so that each option and each choice has a name of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from scheduler.logs.mask import DEEPEST, Masker
from scheduler.runtime.supervisor.verdict import storable
from scheduler.wire import Data, Json, MeantQuestion, Question

#: What a mask does not fulfil, though what it stands for does; `operations.questions` holds answers against all of it.
_FULFILLED_BY_SECRETS: Final = frozenset({"pattern", "minLength", "maxLength"})
_PASSWORD: Final = "password"


def shown_of(asked: Question, masker: Masker) -> Question:
    """Return a question without secrets."""
    options = _distinct(asked.options, masker)
    names = dict(zip(asked.options, options, strict=True))
    return replace(
        asked,
        subject=storable(masker.mask(asked.subject)),
        body=asked.body and storable(masker.mask(asked.body)),
        options=options,
        defaults=None if asked.defaults is None else tuple(names[each] for each in asked.defaults),
        params={name: _shown_param(each, masker) for name, each in asked.params.items()},
    )


def meant_of(asked: Question, masker: Masker) -> MeantQuestion | None:
    """Return what the task knows the answer by; None where that is what people see."""
    secrets = masker.found_in(asked.options, asked.params)
    return MeantQuestion(options=asked.options, params=asked.params, secrets=secrets) if secrets else None


def _distinct(texts: Sequence[str], masker: Masker) -> tuple[str, ...]:
    """Mask texts of which one is chosen; those that look the same then are numbered."""
    shown: list[str] = []
    for text in texts:
        masked, number = masker.mask(text), 1
        name = masked
        while masked != text and (name in shown or name in texts):
            number += 1
            name = f"{masked} ({number})"
        shown.append(name)
    return tuple(shown)


def _shown_param(param: Data, masker: Masker) -> Data:
    shown: Data = _shown(param, masker, DEEPEST)
    if shown == param or not isinstance(shown.get("schema"), dict):
        return shown
    if "value" in param:
        names = dict(_choices(param["schema"], shown["schema"]))
        shown["value"] = _chosen(param["value"], shown["value"], names)
    left = {name: each for name, each in shown["schema"].items() if name not in _FULFILLED_BY_SECRETS}
    if left.get("format", _PASSWORD) != _PASSWORD:
        del left["format"]
    return {**shown, "schema": left}


def _shown(value: Json, masker: Masker, levels: int) -> Json:
    """Mask what a schema says; what is to be chosen of stays different."""
    match value:
        case {"enum": list(choices)} if levels and all(isinstance(each, str) for each in choices):
            rest = {name: each for name, each in value.items() if name != "enum"}
            return {**_shown(rest, masker, levels), "enum": list(_distinct(choices, masker))}
        case dict() if levels:
            return {name: _shown(each, masker, levels - 1) for name, each in value.items()}
        case _:
            return masker.mask_data(value, levels=levels)


def _choices(schema: Json, shown: Json) -> Iterator[tuple[str, str]]:
    """Yield what is to be chosen that is shown otherwise, with how it is shown."""
    match schema, shown:
        case {"enum": list(choices)}, {"enum": list(others)}:
            pairs = zip(choices, others, strict=True)
            yield from ((text, new) for text, new in pairs if isinstance(text, str) and text != new)
        case dict(), dict():
            for name, each in schema.items():
                yield from _choices(each, shown.get(name))
        case _:
            return


def _chosen(value: Json, shown: Json, names: Mapping[str, str]) -> Json:
    """Show a choice that is made already as it is shown among the others."""
    match value:
        case str():
            return names.get(value, shown)
        case list() if isinstance(shown, list):
            return [_chosen(each, other, names) for each, other in zip(value, shown, strict=True)]
        case _:
            return shown
