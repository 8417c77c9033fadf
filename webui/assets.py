"""The built script and style sheet: their names carry a hash, so that a browser may keep them for ever."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, request, url_for

_DIST = Path(__file__).parent / "static" / "dist"
_ENTRY = "src/main.ts"


@dataclass(frozen=True, slots=True)
class Built:
    """What the front end build wrote; empty names when it was not built."""

    script: str = ""
    style: str = ""


def read_manifest(folder: Path = _DIST) -> Built:
    """Read which files the build made."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return Built()
    entry = json.loads(manifest.read_text())[_ENTRY]
    return Built(entry["file"], entry["css"][0])


def register(app: Flask) -> None:
    """Give templates the addresses of the built files, and let browsers keep them."""
    built = read_manifest()

    def addresses() -> dict[str, str]:
        names = {"script_url": built.script, "style_url": built.style}
        return {
            key: url_for("static", filename=f"dist/{name}") if name else "" for key, name in names.items()
        }

    app.context_processor(addresses)
    app.after_request(keep)


def _url(name: str) -> str:
    return url_for("static", filename=f"dist/{name}") if name else ""


def keep(response: Response) -> Response:
    """Hashed files never change; anything else is asked for again."""
    if request.endpoint == "static" and response.status_code == 200:
        hashed = request.path.startswith("/static/dist/") and not request.path.endswith(".json")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
    return response
