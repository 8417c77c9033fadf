"""An outcome as people may read it: without the secrets that its attempt was given.

What tasks read of each other stays as it is: values (beside them stands how they are shown), and the options of a
question, by which the task knows the answer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Final

from scheduler.logs.mask import Masker
from scheduler.runtime.supervisor.verdict import storable
from scheduler.wire import XCOM_SHOWN_CHARACTERS, Data, ErrorInfo, Outcome, Question

#: Characters of a reason, message or traceback; cut once no secret can be cut in two.
_LONGEST_TEXT: Final = 100_000


def masked(outcome: Outcome, masker: Masker, rendered: Data | None) -> Outcome:
    """Return the outcome with what is shown of it; `rendered`: the request by which its fields were told."""
    return _Masking(masker).of(outcome, rendered)


@dataclass(frozen=True, slots=True)
class _Masking:
    masker: Masker

    def of(self, outcome: Outcome, rendered: Data | None) -> Outcome:
        name = outcome.rendered_map_index
        return replace(
            outcome,
            error=outcome.error and self._error(outcome.error),
            reason=self._text(outcome.reason),
            rendered=self._fields(rendered),
            shown_xcoms=self._shown(outcome.xcoms),
            assets=outcome.assets and tuple(map(self._said, outcome.assets)),
            question=outcome.question and self._question(outcome.question),
            rendered_map_index=self._text(name) if name else None,
        )

    def _text(self, text: str) -> str:
        return storable(self.masker.mask(text)[:_LONGEST_TEXT])

    def _error(self, error: ErrorInfo) -> ErrorInfo:
        return ErrorInfo(**{name: self._text(text) for name, text in asdict(error).items()})

    def _question(self, question: Question) -> Question:
        return replace(
            question,
            subject=self._text(question.subject),
            body=question.body and storable(self.masker.mask(question.body)),
            params=self.masker.mask_data(question.params),
        )

    def _shown(self, values: Data) -> dict[str, str]:
        """Return how those values are shown that have a secret in them."""
        found = {key: self.masker.masked_json(each, XCOM_SHOWN_CHARACTERS) for key, each in values.items()}
        return {key: text for key, text in found.items() if text is not None}

    def _said(self, said: Data) -> Data:
        """Mask what is said of an asset or found by a check, not what names them."""
        asset = {"asset": self._parts(said["asset"], "extra")} if "asset" in said else {}
        return {**self._parts(said, "extra", "check"), **asset}

    def _parts(self, data: Data, *names: str) -> Data:
        return {**data, **{name: self.masker.mask_data(data[name]) for name in names if name in data}}

    def _fields(self, rendered: Data | None) -> Data | None:
        args = rendered and rendered.get("args")
        fields = args.get("fields") if isinstance(args, dict) else None
        return self.masker.mask_data(fields) if isinstance(fields, dict) else None
