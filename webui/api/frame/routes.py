"""Routes of one noun: a blueprint, and the operations that the document tells of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from typing import Any, TypeVar

from flask import Blueprint, Response, g, make_response

from scheduler.errors import DirigentError
from webui.api.frame.answers import answer
from webui.api.frame.conditions import expect
from webui.api.frame.models import Answer, Body, Query
from webui.api.frame.operations import Operation, taken_by
from webui.api.frame.repeats import expected_repeat, repeated
from webui.api.frame.requests import read
from webui.errors import answer_known

_CHANGES = frozenset({"PATCH", "PUT", "DELETE"})
View = TypeVar("View", bound=Callable[..., Any])


class Routes:
    """Collects the operations of a noun, each by a decorator over its view."""

    def __init__(self, name: str, prefix: str, *, tag: str) -> None:
        self.blueprint = Blueprint(name, __name__)
        self.operations: list[Operation] = []
        self._prefix = prefix
        self._tag = tag

    def get(self, rule: str, **more: Any) -> Callable[[View], View]:
        """Declare a view that reads."""
        return self._route("GET", rule, **more)

    def post(self, rule: str, **more: Any) -> Callable[[View], View]:
        """Declare a view that makes something, or reads by what a body asks for."""
        return self._route("POST", rule, **more)

    def patch(self, rule: str, **more: Any) -> Callable[[View], View]:
        """Declare a view that changes some fields."""
        return self._route("PATCH", rule, **more)

    def put(self, rule: str, **more: Any) -> Callable[[View], View]:
        """Declare a view that puts something in place."""
        return self._route("PUT", rule, **more)

    def delete(self, rule: str, *, status: int = 204, **more: Any) -> Callable[[View], View]:
        """Declare a view that takes something away."""
        return self._route("DELETE", rule, status=status, **more)

    def _route(
        self,
        method: str,
        rule: str,
        *,
        answers: Any = None,  # noqa: ANN401 - a model, or a union of models
        status: int = 200,
        streams: Mapping[str, type[Answer]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Callable[[View], View]:
        def declare(view: View) -> View:
            operation = Operation(
                method=method,
                rule=self._prefix + rule,
                tag=self._tag,
                view=view,
                status=status,
                query=taken_by(view, Query),
                body=taken_by(view, Body),
                shape=answers,
                streams=streams or {},
                headers=headers or {},
            )
            self.operations.append(operation)
            # What the view declares of itself, such as the right that it needs, counts for the route.
            serve = update_wrapper(partial(self._serve, operation), view)
            self.blueprint.add_url_rule(operation.rule, operation.name, serve, methods=[method])
            return view

        return declare

    def _serve(self, operation: Operation, **arguments: Any) -> Response:
        operation.build()
        given = read(operation, arguments)
        if operation.method == "GET":
            return answer(operation, operation.view(**given))
        wanted = expected_repeat()
        if wanted is not None and (before := repeated(wanted)) is not None:
            return before
        if operation.method in _CHANGES:
            expect(self._reader(operation.rule), arguments)
        g.claim = wanted
        try:
            done = answer(operation, operation.view(**given))
        except DirigentError as error:
            if wanted is None or not wanted.is_done:
                raise
            # A part of it is written: a repetition is told the same, and begins nothing anew.
            done = make_response(answer_known(error))
        finally:
            g.pop("precondition", None)
            g.pop("claim", None)
        if wanted is not None:
            wanted.keep(done)
        return done

    def _reader(self, rule: str) -> Operation | None:
        found = next((each for each in self.operations if (each.method, each.rule) == ("GET", rule)), None)
        if found is not None:
            found.build()
        return found
