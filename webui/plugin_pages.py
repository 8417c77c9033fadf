"""Pages that plugins bring: below `/plugins/<plugin>/`, behind the door of all pages, with an entry in the menu."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from flask import Flask

from scheduler.plugins.hookspecs import PluginPage
from scheduler.plugins.loading import Plugins
from scheduler.security.rights import Right
from webui.rights import needs


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the menu."""

    label: str
    endpoint: str = ""
    href: str = ""  #: where it leads to, elsewhere


def register(app: Flask, plugins: Plugins) -> None:
    """Take in the pages of all plugins; one that does not fit is noted with its plugin, and the others stay."""
    entries: list[Entry] = []
    for name, pages in plugins.ask("dirigent_pages"):
        try:
            entries += _register(app, name, pages)
        except Exception as error:  # noqa: BLE001 - a plugin must not stop the pages
            plugins.note(name, f"its page cannot be shown: {type(error).__name__}: {error}")
    for name, links in plugins.ask("dirigent_links"):
        for link in links:
            if _is_address(link.href):
                entries.append(Entry(link.label, href=link.href))
            else:
                plugins.note(name, f"its link {link.href!r} leads nowhere: give http(s)://... or /...")
    app.context_processor(lambda: {"plugin_entries": entries, "has_plugins": bool(plugins.found)})


def _register(app: Flask, plugin: str, pages: Iterable[PluginPage]) -> list[Entry]:
    entries = []
    for page in pages:
        name = f"plugin_{plugin}_{page.blueprint.name}"
        app.register_blueprint(
            page.blueprint, name=name, url_prefix=f"/plugins/{plugin}/{page.blueprint.name}"
        )
        _guard(app, f"{name}.")
        if not page.endpoint:
            continue
        endpoint = f"{name}.{page.endpoint}"
        if endpoint not in app.view_functions:
            raise LookupError(f"it has no view {page.endpoint!r}")
        entries.append(Entry(page.label, endpoint))
    return entries


def _guard(app: Flask, prefix: str) -> None:
    """Have the views of a plugin need the right to use plugins: they see what they like."""
    own = [endpoint for endpoint in app.view_functions if endpoint.startswith(prefix)]
    for endpoint in own:
        app.view_functions[endpoint] = needs(Right.PLUGIN_USE)(partial(app.view_functions[endpoint]))


def _is_address(href: str) -> bool:
    """Tell what a link may lead to: it must run no script."""
    parts = urlsplit(href)
    is_path = not parts.scheme and not parts.netloc and href.startswith("/")
    return is_path or (parts.scheme in ("http", "https") and bool(parts.netloc))
