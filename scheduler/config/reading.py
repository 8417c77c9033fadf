"""Where settings come from, and what is said of those that cannot be."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scheduler.alert_settings import CHANNEL, read_channels
from scheduler.config.hidden import printable
from scheduler.config.settings import PREFIX, TOML_NAME, Settings
from scheduler.errors import BadSetting

#: Names that are no settings: what tests are told, variables and connections for DAG files, what a task is told.
FOREIGN: Final = re.compile(
    r"DIRIGENT_((TEST|VAR|CONN)_.*|DAG_ID|RUN_ID|TASK_ID|TASK_KEY|TRY_NUMBER)", re.DOTALL
)
#: Settings that may hold a secret: `<name>_file` names a file that holds their value.
FROM_FILE: Final = (
    "secret_key", "database_url", "broker_url", "notify_on_failure", "metrics_token", "dags_git_url", "dags_git_token",
    "dags_git_hook_secret", "oidc_client_secret",
)  # fmt: skip
_FILE: Final = "_file"


def load_settings(environ: Mapping[str, str], folder: Path, **overrides: Any) -> Settings:
    """Read the settings of a process started in `folder`; `overrides` are options of its command line.

    An override of None counts as not given.

    Raises BadSetting for the first option that is unknown or has a value it cannot have.
    """
    given = _once(_from_toml(folder / TOML_NAME)) | _once(_from_environment(environ))
    given |= {name: (f"--{name}", value) for name, value in overrides.items() if value is not None}
    values = {name: value for name, (_, value) in given.items()}
    channels = {name: values.pop(name) for name in list(values) if name.startswith(CHANNEL)}
    if channels:
        values["channels"] = {name.removeprefix(CHANNEL): address for name, address in channels.items()}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise _bad_value(error, given) from None
    settings.sources.update({name: source for name, (source, _) in given.items()})
    return settings


Given = tuple[str, tuple[str, Any]]
#: What to write in place of a value that cannot be, by pydantic's name of the fault.
_WANTED: Final = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "give a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "give a number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "give true or false"),
    **dict.fromkeys(("string_type", "path_type"), 'give text, in a file between quotes: "..."'),
    **dict.fromkeys(("tuple_type",), 'give a list, in a file like ["one", "two"]'),
    "literal_error": "give {expected}",
    "greater_than_equal": "give {ge} or more",
    "less_than_equal": "give {le} or less",
    "greater_than": "give more than {gt}",
    "too_short": "give at least {min_length} characters",
    "string_too_short": "give at least {min_length} characters",
    **dict.fromkeys(("decimal_parsing", "decimal_type", "finite_number"), "give a number"),
    "string_pattern_mismatch": "it must match {pattern}",
}
#: The least length that is asked of secrets.
_SECRET_LENGTH: Final = 16


def _from_toml(path: Path) -> Iterator[Given]:
    """Yield name, and where it was found with its value."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadSetting(str(path), None, f"cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise BadSetting(
            str(path), None, f'{error}. Write each setting as in TOML: port = 8080, host = "127.0.0.1".'
        ) from None
    yield from read_channels(data.pop("channels", {}), TOML_NAME, _content)
    for name, value in data.items():
        if isinstance(value, dict):
            raise BadSetting(f"{TOML_NAME}: [{name}]", None, "settings stand at the top, under no heading.")
        if not _is_known(name):
            raise _unknown(f"{TOML_NAME}: {name}", name, value, "")
        yield _given(name, f"{TOML_NAME}: {name}", value)


def _from_environment(environ: Mapping[str, str]) -> Iterator[Given]:
    """Yield what the environment sets; an empty value counts as none, as in compose files."""
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX) or FOREIGN.fullmatch(variable):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name.startswith("channel_"):
            yield from read_channels(
                {name.removeprefix("channel_"): value} if value else {}, variable, _content
            )
            continue
        if name in ("channels", "alerts"):
            raise BadSetting(
                variable, None, f"write it in {TOML_NAME}; an address may be DIRIGENT_CHANNEL_<NAME>"
            )
        if not _is_known(name) or variable != variable.upper():
            raise _unknown(variable, name, value, PREFIX)
        if value:
            yield _given(name, variable, value)


def _is_known(name: str) -> bool:
    return name in Settings.model_fields or (name.endswith(_FILE) and name.removesuffix(_FILE) in FROM_FILE)


def _given(name: str, source: str, value: object) -> Given:
    if name in Settings.model_fields:
        return name, (source, value)
    return name.removesuffix(_FILE), (source, _content(source, value))


def _content(source: str, path: object) -> str:
    """Return what a file holds, without the line break that editors put at its end."""
    try:
        text = Path(str(path)).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadSetting(source, path, f"the file cannot be read: {reason}") from None
    if not text:
        raise BadSetting(source, path, "the file is empty")
    return text


def _once(given: Iterable[Given]) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    for name, (source, value) in given:
        if name in found:
            raise BadSetting(source, None, f"{found[name][0]} is set too; leave one of them out")
        found[name] = (source, value)
    return found


def _unknown(source: str, name: str, value: object, prefix: str) -> BadSetting:
    near = get_close_matches(name, Settings.model_fields, n=1, cutoff=0.5)
    if not near:
        return BadSetting(source, None, "there is no such setting; `dirigent config reference` lists all")
    nearest = prefix + (near[0].upper() if prefix else near[0])
    remedy = f"there is no such setting; did you mean {nearest}?"
    return BadSetting(source, printable(near[0], value), remedy)


def _bad_value(error: ValidationError, given: Mapping[str, tuple[str, Any]]) -> BadSetting:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    source, value = given.get(name, (name, first["input"]))
    return BadSetting(source, printable(name, value), _remedy(first))


def _remedy(error: ErrorDetails) -> str:
    """Say what to write instead; what our own checks say, as they say it."""
    wanted, bounds = _WANTED.get(error["type"]), error.get("ctx", {})
    if wanted is None:
        return error["msg"].removeprefix("Value error, ")
    # What must be long is a secret.
    made = "; `openssl rand -hex 32` makes them" if bounds.get("min_length", 0) >= _SECRET_LENGTH else ""
    return wanted.format(**bounds) + made
