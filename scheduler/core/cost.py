"""What attempts take, in whole numbers so that sums are exact, and what that costs at the prices of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

#: Microseconds of a CPU-hour, and megabyte-milliseconds of a GB-hour.
_AN_HOUR: Final = Decimal(3_600_000_000)


@dataclass(frozen=True, slots=True)
class Amount:
    """What something took: time of user code, of processors, and peak memory held for as long as it ran."""

    run_ms: int = 0
    cpu_us: int = 0
    memory_mb_ms: int = 0

    def __add__(self, other: Amount) -> Amount:
        """Return what both took."""
        return Amount(
            self.run_ms + other.run_ms, self.cpu_us + other.cpu_us, self.memory_mb_ms + other.memory_mb_ms
        )

    @property
    def cpu_s(self) -> float:
        """Processor time in seconds."""
        return self.cpu_us / 1_000_000

    @property
    def gb_hours(self) -> float:
        """Memory in gigabytes times hours."""
        return float(Decimal(self.memory_mb_ms) / _AN_HOUR)


def amount_of(
    start: datetime | None, end: datetime | None, cpu_s: float | None, peak_memory_bytes: int | None
) -> Amount:
    """Return what an attempt took; what is not known counts as nothing."""
    run_ms = millis(start, end) or 0
    memory_mb_ms = (peak_memory_bytes or 0) * run_ms // 1_000_000
    return Amount(run_ms, round((cpu_s or 0.0) * 1_000_000), memory_mb_ms)


def millis(start: datetime | None, end: datetime | None) -> int | None:
    """Return the time between in milliseconds, not below zero: the clocks may be those of two hosts."""
    return None if start is None or end is None else max(0, (end - start) // timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class Prices:
    """What an hour of a processor and of a gigabyte costs; None: it has no price."""

    cpu_hour: Decimal | None = None
    gb_hour: Decimal | None = None
    currency: str = "EUR"

    @property
    def are_set(self) -> bool:
        """Whether anything has a price."""
        return self.cpu_hour is not None or self.gb_hour is not None

    def of(self, amount: Amount) -> Decimal | None:
        """Return what an amount costs, exactly; None where nothing has a price."""
        if not self.are_set:
            return None
        cpu = amount.cpu_us * (self.cpu_hour or Decimal(0))
        memory = amount.memory_mb_ms * (self.gb_hour or Decimal(0))
        return (cpu + memory) / _AN_HOUR

    def words(self, amount: Amount) -> str:
        """Return what an amount costs for reading: 12.34 EUR; what is below a hundredth with two digits that count."""
        cost = self.of(amount)
        return "" if cost is None else f"{rounded(cost):f} {self.currency}"


def rounded(cost: Decimal) -> Decimal:
    """Return a cost with two places, or with two digits that count where it is below a hundredth."""
    places = 2 if cost == 0 or cost >= Decimal("0.01") else max(2, 1 - cost.adjusted())
    return cost.quantize(Decimal(1).scaleb(-min(places, 9)), ROUND_HALF_UP)
