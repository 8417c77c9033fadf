"""The page `docs/settings.md`, made of the settings themselves."""

from __future__ import annotations

from typing import Final

from pydantic.fields import FieldInfo

from scheduler.config.settings import PREFIX, TOML_NAME, Settings


def reference() -> str:
    """Return the page `docs/settings.md`: every setting with its variable, default and meaning."""
    rows = [_reference_row(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join([_REFERENCE_HEAD, *rows, ""])


_REFERENCE_HEAD: Final = f"""# Settings

Defaults, overlaid with `{TOML_NAME}` in the folder where Dirigent is started, overlaid with variables of
the environment. Each is checked once, at the start: an unknown name or a value that cannot be is refused by
name. An empty variable counts as not set. `dirigent config show` prints what is in force, `dirigent config
reference` prints this page.

What may hold a secret can be read from a file instead, as containers are given theirs: `secret_key_file`,
`database_url_file`, `broker_url_file`, `notify_on_failure_file`, `metrics_token_file`, `dags_git_url_file`,
`dags_git_token_file`, `dags_git_hook_secret_file` and `oidc_client_secret_file`
(`DIRIGENT_SECRET_KEY_FILE`, ...) name it.

| `{TOML_NAME}` | environment | default | meaning |
|---|---|---|---|"""


def _reference_row(name: str, field: FieldInfo) -> str:
    told = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    names, variable = told.get("names", f"`{name}`"), told.get("variable", f"`{PREFIX}{name.upper()}`")
    return f"| {names} | {variable} | {_default_text(field)} | {field.description} |"


def _default_text(field: FieldInfo) -> str:
    if isinstance(field.json_schema_extra, dict):
        return str(field.json_schema_extra["default_text"])
    if field.default in (None, ()):
        return "none"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
