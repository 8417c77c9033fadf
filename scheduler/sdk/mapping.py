"""Mapped tasks: one declaration, as many instances as there are items; each is made into its operator where it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from scheduler.errors import BadDag, BadMapping
from scheduler.sdk import dialect, scope
from scheduler.sdk.arguments import refuse_unknown
from scheduler.sdk.expansion import ByArgument, ByItem, Expansion, Resolved
from scheduler.sdk.location import author_line
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.results import results_in
from scheduler.sdk.task_arguments import KNOWN_TO_ALL, PLACING

if TYPE_CHECKING:
    from scheduler.sdk.context import Context

#: What the scheduler must know of a task before it has instances.
_OF_ALL: Final = KNOWN_TO_ALL | {"task_id"}


class MappedOperator(BaseOperator):
    """A task that is mapped. `make` builds what runs, of the arguments `given` to all instances and those of each.

    `into` names the argument that takes those of each instance as a dict; without it they are arguments themselves.
    """

    expansion: Expansion

    def __init__(
        self,
        task_id: str,
        *,
        make: Callable[..., BaseOperator],
        given: Mapping[str, Any],
        expansion: Expansion,
        into: str | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        self.expansion = expansion
        self._make = make
        self._given = dict(given)
        self._into = into
        self._arguments = {name: value for name, value in arguments.items() if name not in PLACING}
        self.asks_people = self._specimen().asks_people

    @property
    def operator_name(self) -> str:
        """What the page calls the kind of its instances."""
        return self._specimen().operator_name

    @property
    def made_template_fields(self) -> tuple[str, ...]:
        """What is rendered in each instance."""
        return tuple(self._specimen().template_fields)

    def shown_source(self) -> str | None:
        """Return the text of the function, where there is one."""
        return self._specimen().shown_source() if "python_callable" in self._given else None

    def _specimen(self) -> BaseOperator:
        """Return an instance that never ran its `__init__`, as far as a class can tell of itself."""
        assert isinstance(self._make, type)
        specimen: BaseOperator = object.__new__(self._make)
        vars(specimen).update(self._given)
        return specimen

    def unmapped(self, context: Context) -> BaseOperator:
        """Return the task that an attempt runs, with the item of its index."""
        instance = context["ti"]
        place = self.dimensions.index(self.task_id)
        resolved = self.expansion.resolve(instance, int(instance.path.split(".")[place]))
        task = self._built(resolved)
        task.task_id, task.label = self.task_id, self.label
        task.dag, task.task_group = self.dag, self.task_group
        vars(task)["dimensions"] = self.dimensions
        task.verbatim = frozenset(_texts([resolved.arguments[name] for name in resolved.returned]))
        # The texts are known by their identity, so they must live as long.
        task.mapped_arguments = resolved.arguments
        return task

    def _built(self, resolved: Resolved) -> BaseOperator:
        values = resolved.arguments
        if self._into is not None:
            values = {self._into: {**self._given.get(self._into, {}), **values}}
        elif twice := sorted(set(values) & (self._given.keys() | _OF_ALL)):
            raise BadMapping(
                f"Task {self.task_id!r} is mapped over {twice[0]!r}, which all its instances share; "
                "leave it out of partial(), or out of the items."
            )
        with scope.collecting():
            shared = {"task_id": self.label, "default_args": dict(self._inherited), **self._arguments}
            return self._make(**{**shared, **self._given, **values})

    def _producers(self) -> Iterator[BaseOperator]:
        for result in (*results_in(self._given), *self.expansion.leaves()):
            yield result.operator


def _texts(value: Any) -> Iterator[int]:
    """Return the ids of all texts in a value."""
    if isinstance(value, str):
        yield id(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)


class Partial:
    """`SomeOperator.partial(...)`: what all instances share."""

    def __init__(self, operator: type[BaseOperator], task_id: str, given: Mapping[str, Any]) -> None:
        self._operator = operator
        self._task_id = task_id
        self._shared, self._own = split(operator, given)

    @property
    def _known(self) -> frozenset[str]:
        return self._operator.known_arguments()

    def expand(self, **mapped: Any) -> MappedOperator:
        """Return the task with an instance for each item; of several arguments, for each combination."""
        refuse_unknown(f"{self._operator.__name__}.expand()", sorted(set(mapped) - self._known), self._known)
        for name in mapped:
            if name in _OF_ALL:
                raise BadDag(
                    f"{author_line()}: {name!r} cannot be mapped over, as the scheduler needs it before there are "
                    "instances; give it to partial()."
                )
            if name in self._own:
                raise BadDag(f"{author_line()}: {name!r} is given to both partial() and expand().")
        return self._mapped(ByArgument(mapped))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> MappedOperator:
        """Return the task with an instance for each dict of arguments in a list."""
        return self._mapped(ByItem(kwargs))

    def _mapped(self, expansion: Expansion) -> MappedOperator:
        return MappedOperator(
            self._task_id, make=self._operator, given=self._own, expansion=expansion, **self._shared
        )


def split(operator: type[BaseOperator], given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments that every operator takes, and those that are this one's own.

    Raises BadDag for those that nobody knows.
    """
    of_class = operator.known_arguments() - _OF_ALL
    shared = {name: value for name, value in given.items() if name not in of_class}
    if spoken := dialect.current():
        shared = spoken.task_arguments(shared, _OF_ALL)
    unknown = sorted(set(shared) - _OF_ALL)
    refuse_unknown(f"{operator.__name__}.partial()", unknown, operator.known_arguments())
    return shared, {name: value for name, value in given.items() if name in of_class}
