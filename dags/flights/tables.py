"""The CSV files under `data/`, as rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"

Row = dict[str, str]


def read(path: Path) -> Iterator[Row]:
    """Walk the rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def read_sample(name: str) -> Iterator[Row]:
    """Walk the rows of one of the files under `data/`."""
    return read(DATA / f"{name}.csv")


def write(path: Path, names: Iterable[str], rows: Iterable[Row]) -> int:
    """Write rows and return how many; the file is there as a whole or not at all."""
    unfinished = path.with_suffix(".part")
    count = 0
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(names), extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += 1
    unfinished.replace(path)
    return count


def number(text: str) -> float | None:
    """Read a number; `NA` and nothing are None."""
    return None if text in ("NA", "") else float(text)


def day_of(row: Row) -> int:
    """Return the day of February 2013."""
    return int(row["day"])
