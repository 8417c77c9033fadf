"""Asks plugins and the environment for variables and connections, before those that Dirigent keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from scheduler.errors import DirigentError
from scheduler.plugins.hookspecs import SecretBackend
from scheduler.plugins.loading import Plugins
from scheduler.wire import Data, Job, Json

Answer = Callable[[Job | None, str, Data], Any]

_FIELDS: Final = ("conn_type", "host", "port", "login", "password", "schema", "extra", "description")


class BackendFailed(DirigentError):
    """A place of secrets did not answer; nobody guesses that it has nothing."""


class SecretsFirst:
    """Answers what running code asks: of variables and connections these places first, which are named in errors."""

    def __init__(self, backends: Sequence[tuple[str, SecretBackend]], answer: Answer) -> None:
        self._backends = backends
        self._answer = answer

    def __call__(self, job: Job | None, verb: str, args: Data) -> Json:
        """Answer one request. Raises BackendFailed, and what the one behind it raises."""
        for name, backend in self._backends if verb in ("get_variable", "get_connection") else ():
            try:
                found = self._ask(backend, verb, args)
            except Exception as error:
                raise BackendFailed(f"The secrets of {name} cannot be read: {error}") from error
            if found is not None:
                return found
        return self._answer(job, verb, args)

    def _ask(self, backend: SecretBackend, verb: str, args: Data) -> Json:
        if verb == "get_variable":
            text = backend.get_variable(args["key"])
            return None if text is None else str(text)
        fields = backend.get_connection(args["conn_id"])
        return None if fields is None else {name: fields.get(name) for name in _FIELDS}


def secrets_first(plugins: Plugins, environment: SecretBackend, answer: Answer) -> Answer:
    """Put the places of plugins before the environment, and both before `answer`."""
    backends = [(f"plugin {name}", each) for name, each in plugins.ask("dirigent_secret_backend")]
    return SecretsFirst([*backends, ("the environment", environment)], answer)
