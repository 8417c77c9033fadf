"""The wheel, built and installed into an environment that holds nothing but what it declares."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
#: Only a requirement of the tests' environment; the tree is put there by an editable install, or by PYTHONPATH.
_OURS = "dirigent"


def built_wheel(folder: Path) -> Path:
    """Build the wheel of the tree; the front end must have been built (`make front`)."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    said = subprocess.run(build, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def installed(wheel: Path, folder: Path) -> Path:
    """Install the wheel into a new environment; return the folder of its programs.

    What it depends on is linked from the environment of the tests, each distribution that is declared and no other:
    downloading them would take longer than everything else.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    uv = shutil.which("uv")
    install = [uv, "pip"] if uv else [sys.executable, "-m", "pip", "--python", str(python)]
    options = ["--python", str(python)] if uv else ["--no-index"]
    said = subprocess.run(
        [*install, "install", *options, "--no-deps", str(wheel)], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (metadata,) = site.glob("dirigent-*.dist-info")
    for name in _needed(Distribution.at(metadata).requires or []):
        _link(distribution(name), site)
    return folder / "bin"


def _needed(requirements: list[str]) -> set[str]:
    """Return the names of all distributions that these requirements lead to, extras only where they are asked for."""
    names: set[str] = set()
    queue = [(Requirement(text), "") for text in requirements]
    while queue:
        requirement, extra = queue.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        key = f"{canonicalize_name(requirement.name)}[{','.join(sorted(requirement.extras))}]"
        if key in names:
            continue
        names.add(key)
        inner = [Requirement(text) for text in distribution(requirement.name).requires or []]
        queue += [(each, wanted) for each in inner for wanted in ("", *requirement.extras)]
    return {key.partition("[")[0] for key in names}


def _link(found: Distribution, site: Path) -> None:
    for top in _tops(found):
        target, source = site / top, Path(str(found.locate_file(top)))
        if not target.exists() and source.exists():
            target.symlink_to(source)


def _tops(found: Distribution) -> Iterator[str]:
    """Yield the entries of site-packages that a distribution owns."""
    yield from sorted(
        {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}
    )
