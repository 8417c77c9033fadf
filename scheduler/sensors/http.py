"""HttpSensor: waits for an answer of a service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from scheduler.hooks.http import HttpError, HttpHook
from scheduler.operators.python import call
from scheduler.sdk.context import Context
from scheduler.sdk.sensor import BaseSensorOperator, PokeReturnValue


class HttpSensor(BaseSensorOperator):
    """Waits until `endpoint` answers, and `response_check`, where it is given, says yes to the answer.

    A status of `response_error_codes_allowlist` (404) means not yet; any other error fails.
    """

    template_fields = ("endpoint", "request_params", "headers")

    def __init__(
        self,
        task_id: str,
        *,
        endpoint: str,
        http_conn_id: str | None = "http_default",
        method: str = "GET",
        request_params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        response_check: Callable[..., bool | PokeReturnValue] | None = None,
        response_error_codes_allowlist: Collection[str | int] | None = None,
        extra_options: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        self.endpoint = endpoint
        self.http_conn_id = http_conn_id
        self.method = method
        self.request_params = request_params
        self.headers = headers
        self.response_check = response_check
        allowed = (404,) if response_error_codes_allowlist is None else response_error_codes_allowlist
        self.response_error_codes_allowlist = frozenset(int(each) for each in allowed)
        self.extra_options = extra_options

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Ask once."""
        hook = HttpHook(self.method, self.http_conn_id)
        try:
            response = hook.run(self.endpoint, self.request_params, self.headers, self.extra_options)
        except HttpError as error:
            if error.status in self.response_error_codes_allowlist:
                return False
            raise
        if self.response_check is None:
            return True
        said: bool | PokeReturnValue = call(self.response_check, (response,), {}, context)
        return said
