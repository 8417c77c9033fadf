"""How far a reader of numbered rows has come, where a later number may be committed before an earlier one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

#: Whoever took a number and has not committed by then never will, in seconds.
GAP_S: Final = 60.0
#: A longer gap is history that was deleted.
_LONGEST: Final = 10_000


@dataclass(slots=True)
class Frontier:
    """All rows up to `top` are known, but for `gaps`: numbers that were passed, and when."""

    top: int
    gaps: dict[int, float] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """The number up to which nothing can come any more: where a reader after this one begins."""
        return min(self.gaps) - 1 if self.gaps else self.top

    def pass_by(self, number: int, now_s: float) -> None:
        """Take note of a row that was read."""
        if number <= self.top:
            self.gaps.pop(number, None)
            return
        if number - self.top <= _LONGEST:
            self.gaps.update(dict.fromkeys(range(self.top + 1, number), now_s))
        self.top = number

    def give_up(self, now_s: float) -> None:
        """Forget gaps that nobody will fill."""
        for number in [each for each, since in self.gaps.items() if now_s - since >= GAP_S]:
            del self.gaps[number]
