"""HttpOperator: one request to a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scheduler.hooks.http import HttpHook
from scheduler.operators.python import call
from scheduler.sdk.arguments import read_flag
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.signals import TaskError


class HttpOperator(BaseOperator):
    """Sends a request to `endpoint` of the connection `http_conn_id`; its result is the text of the answer.

    `data` is the body (a query for GET), `json` a body as JSON. `response_check` says whether the answer is right,
    `response_filter` makes the result of it; both take the `requests.Response`, and of the context what they name.
    """

    template_fields = ("endpoint", "data", "json", "headers")

    def __init__(
        self,
        task_id: str,
        *,
        endpoint: str | None = None,
        method: str = "POST",
        data: Any = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        response_check: Callable[..., bool] | None = None,
        response_filter: Callable[..., Any] | None = None,
        extra_options: Mapping[str, Any] | None = None,
        http_conn_id: str | None = "http_default",
        log_response: bool = False,
        auth_type: Any = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        self.endpoint = endpoint
        self.method = method
        self.data = data
        self.json = json
        self.headers = headers
        self.response_check = response_check
        self.response_filter = response_filter
        self.extra_options = extra_options
        self.http_conn_id = http_conn_id
        self.log_response = read_flag("log_response", log_response)
        self.auth_type = auth_type

    def execute(self, context: Context) -> Any:
        """Send the request, check the answer, and make the result of it."""
        hook = HttpHook(self.method, self.http_conn_id, self.auth_type)
        more = {} if self.json is None else {"json": self.json}
        response = hook.run(self.endpoint, self.data, self.headers, self.extra_options, **more)
        if self.log_response:
            self.log.info("%s", response.text)
        if self.response_check and not call(self.response_check, (response,), {}, context):
            raise TaskError(
                f"response_check says no to the answer of {response.url} ({response.status_code})."
            )
        if self.response_filter:
            return call(self.response_filter, (response,), {}, context)
        return response.text
