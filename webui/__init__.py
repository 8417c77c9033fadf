"""The pages and their API: Flask over `scheduler.operations` (writes) and `scheduler.store` (reads)."""

from __future__ import annotations

import hashlib
from importlib import import_module

from flask import Flask

from webui import (
    api,
    assets,
    audit,
    direction,
    errors,
    filters,
    fragments,
    packing,
    pages,
    places,
    plugin_pages,
    security,
)
from webui.addresses import Address
from webui.context import WebContext
from webui.live.hub import Hub
from webui.live.waits import Waits
from webui.tongues import speaking
from webui.tongues.templates import Templates

#: A form is small; a conf may be a megabyte.
MAX_BODY_BYTES = 4_000_000


def create_app(context: WebContext) -> Flask:
    """Build the application. Everything it needs comes in; it keeps nothing of its own but caches."""
    app = Flask(__name__)
    app.jinja_environment = Templates
    app.url_rule_class = Address
    app.extensions["dirigent"] = context
    app.extensions["dirigent.hub"] = Hub(context.db, context.clock)
    app.extensions["dirigent.waits"] = Waits()
    app.config.update(
        SECRET_KEY=hashlib.sha256(f"notes:{context.secret.keys[0]}".encode()).digest(),
        SESSION_COOKIE_NAME=f"dirigent_note_{context.port}",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=(context.base_url or "").startswith("https:"),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
    )
    app.response_class = fragments.Answer
    app.json = fragments.Json(app)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    speaking.register(app)
    packing.register(app)
    direction.register(app)
    security.guard(app)
    audit.register(app)
    errors.register(app)
    filters.register(app)
    assets.register(app)
    pages.questions.register(app)
    places.register(app)
    for blueprint in (*pages.BLUEPRINTS, *api.BLUEPRINTS):
        app.register_blueprint(blueprint)
    if context.openid is not None:
        # Authlib is loaded where it is used: most servers know their people themselves.
        import_module("webui.oidc").register(app, context.openid)
    plugin_pages.register(app, context.plugins)
    return app
