"""How a broker's address asks for TLS: `rediss://` and `amqps://`, with Redis' `ssl_…` options behind a question mark.

Kombu alone would take any certificate for `rediss://`, any name in it for `amqps://`, and hand unknown options of
`amqps://` to its client as they are. Here the certificate and its name are held to be checked unless the address says
otherwise, for both brokers by the same words.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scheduler.errors import BadSetting

_SETTING: Final = "DIRIGENT_BROKER_URL"
_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_WORDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "ssl_cert_reqs": {"required": ssl.CERT_REQUIRED, "none": ssl.CERT_NONE},
    "ssl_check_hostname": {"true": True, "false": False},
}
_OPTIONS: Final = (*_FILES, *_WORDS)


def split_tls(url: str) -> tuple[str, dict[str, Any] | None]:
    """Return a broker's address without its `ssl_…` options, and what Celery's `broker_use_ssl` is to be.

    None for an address without TLS. Raises BadSetting for an option that is unknown, names no file, says what it
    cannot, or stands in an address without TLS.
    """
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    given = {name: value for name, value in pairs if name.startswith("ssl_")}
    rest = urlencode([pair for pair in pairs if pair[0] not in given])
    plain = urlunsplit(parts._replace(query=rest)) if given else url
    if parts.scheme not in ("rediss", "amqps"):
        if given:
            raise BadSetting(_SETTING, ", ".join(given), "TLS is asked for by rediss:// or amqps://")
        return url, None
    options = {name: _read(name, value) for name, value in given.items()}
    must_check = options.get("ssl_cert_reqs", ssl.CERT_REQUIRED) == ssl.CERT_REQUIRED
    options.setdefault("ssl_cert_reqs", ssl.CERT_REQUIRED)
    options["ssl_check_hostname"] = must_check and options.get("ssl_check_hostname", True)
    return plain, options if parts.scheme == "rediss" else _for_amqp(options, parts.hostname)


def _read(name: str, value: str) -> Any:  # noqa: ANN401 - a path, a number of the ssl module, or whether
    if name in _WORDS:
        if value not in _WORDS[name]:
            raise BadSetting(_SETTING, f"{name}={value}", f"it is one of {', '.join(_WORDS[name])}")
        return _WORDS[name][value]
    if name not in _FILES:
        raise BadSetting(_SETTING, name, f"the options of TLS are {', '.join(_OPTIONS)}")
    if not Path(value).is_file():
        raise BadSetting(_SETTING, f"{name}={value}", "there is no such file")
    return value


def _for_amqp(options: dict[str, Any], host: str | None) -> dict[str, Any]:
    is_named = options.pop("ssl_check_hostname")
    asked = {name.removeprefix("ssl_"): value for name, value in options.items()}
    return asked | ({"server_hostname": host} if is_named else {})
