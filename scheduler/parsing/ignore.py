"""Which files of the DAG folder are left out: hidden ones, caches, and what ignore files name.

`.dirigentignore` and `.airflowignore` hold patterns as `.gitignore` does, in any folder, for what lies below
it; a later or deeper pattern wins, `!` takes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from scheduler.parsing.plain import read_plain

IGNORE_FILES: Final = (".airflowignore", ".dirigentignore")
#: Bytes of one of them.
_LARGEST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns in force in a folder. `prefix`: the folder whose file they stand in, "" or "a/b/"."""

    prefix: str
    patterns: GitIgnoreSpec
    outer: Rules | None = None

    def is_ignored(self, path: str) -> bool:
        """Tell whether `path` (below the DAG folder; a folder ends with '/') is left out."""
        if path.endswith("/") and self.takes_back:
            return False
        verdict = self.patterns.check_file(path.removeprefix(self.prefix)).include
        if verdict is None:
            return self.outer is not None and self.outer.is_ignored(path)
        return verdict

    @property
    def takes_back(self) -> bool:
        """Tell whether a pattern may take back a file in an ignored folder, which must then be looked into."""
        return any(pattern.include is False for pattern in self.patterns.patterns)


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder is left out by its name alone."""
    return name.startswith(".") or name == "__pycache__"


def read_rules(folder: Path, prefix: str, outer: Rules | None, warnings: list[str]) -> Rules | None:
    """Return the rules in force in a folder: those of its own ignore files before those from outside."""
    lines: list[str] = []
    for name in IGNORE_FILES:
        try:
            lines += read_plain(folder / name, _LARGEST).decode().splitlines()
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            warnings.append(f"{prefix}{name} cannot be read and is passed over: {error}")
    good = [line for line in lines if _is_pattern(line, prefix, warnings)]
    return Rules(prefix, GitIgnoreSpec.from_lines(good), outer) if good else outer


def _is_pattern(line: str, prefix: str, warnings: list[str]) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError as error:
        warnings.append(
            f"The ignore file in {prefix or './'} has a line that is no pattern, {line!r}: {error}"
        )
        return False
    return True
