"""Delays in buckets: counts that can be added up, from which percentiles are read within a known error.

Each bucket is a fifth wider than the one before, so a percentile is known to about a tenth (`ERROR`) of itself; what
took no more than a millisecond is in the first. Sums of buckets are buckets: no percentile of percentiles is made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

_GROWTH: Final = 1.2
#: A percentile may be off by so much of itself.
ERROR: Final = (_GROWTH - 1) / (_GROWTH + 1)


def bucket_of(delay_ms: float) -> int:
    """Return the bucket of a delay; one below zero, which clocks of two hosts may give, is none."""
    return math.ceil(math.log(delay_ms) / math.log(_GROWTH)) if delay_ms > 1 else 0


def middle_s(bucket: int) -> float:
    """Return the delay, in seconds, that no delay in the bucket is further from than `ERROR` of itself."""
    return 0.001 if bucket <= 0 else 2 * _GROWTH**bucket / (_GROWTH + 1) / 1000


def percentile_s(counts: Mapping[int, int], share: float) -> float | None:
    """Return the delay, in seconds, that `share` (0..1) of all do not exceed; None where there are none."""
    wanted = share * sum(counts.values())
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= wanted:
            return middle_s(bucket)
    return None
