"""An outcome as people may read it: without the secrets that its attempt was given.

What tasks read of each other stays as it is: values (beside them stands how they are shown). Of a question the task
knows the answer by options and params as they are: they stand beside it (`wire.MeantQuestion`). The secrets with which
it waits, or goes on, are named, so that its next attempt hides them, too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Final

from scheduler.logs.mask import Masker
from scheduler.runtime.supervisor.shown_questions import meant_of, shown_of
from scheduler.runtime.supervisor.verdict import storable
from scheduler.runtime.waits import described
from scheduler.wire import XCOM_SHOWN_CHARACTERS, Data, Deferral, ErrorInfo, Outcome

#: Characters of a reason, message or traceback; cut once no secret can be cut in two.
_LONGEST_TEXT: Final = 100_000


def masked(outcome: Outcome, masker: Masker, rendered: Data | None) -> Outcome:
    """Return the outcome with what is shown of it; `rendered`: the request by which its fields were told."""
    return _Masking(masker).of(outcome, rendered)


@dataclass(frozen=True, slots=True)
class _Masking:
    masker: Masker

    def of(self, outcome: Outcome, rendered: Data | None) -> Outcome:
        name, asked, waits = outcome.rendered_map_index, outcome.question, outcome.deferral
        return replace(
            outcome,
            error=outcome.error and self._error(outcome.error),
            reason=self._wait(waits) if waits else self._text(outcome.reason),
            rendered=self._fields(rendered),
            shown_xcoms=self._shown(outcome.xcoms),
            assets=outcome.assets and tuple(map(self._said, outcome.assets)),
            question=asked and shown_of(asked, self.masker),
            meant=meant_of(asked, self.masker) if asked else None,
            secrets=self.masker.found_in(waits.kwargs, waits.next_kwargs) if waits else (),
            rendered_map_index=self._text(name) if name else None,
        )

    def _text(self, text: str) -> str:
        return storable(self.masker.mask(text)[:_LONGEST_TEXT])

    def _error(self, error: ErrorInfo) -> ErrorInfo:
        return ErrorInfo(**{name: self._text(text) for name, text in asdict(error).items()})

    def _wait(self, waits: Deferral) -> str:
        """Say what a task waits for. A text is masked before it is cut."""
        return self._text(f"waits for {described(waits.trigger, self.masker.mask_data(waits.kwargs))}")

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
