"""Operators that ask a person, and go on with the answer: on the page, on the command line, or by the API."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypedDict
from urllib.parse import quote, urlencode

from scheduler.errors import BadDag, BadParams
from scheduler.operators.python import follow_branch
from scheduler.questions import check_question
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.context import Context
from scheduler.sdk.location import author_line
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.params import Param, read_params
from scheduler.sdk.signals import FailTask, TaskAwaitingInput, TaskError
from scheduler.wire import Data, Question

if TYPE_CHECKING:
    from typing import Unpack

    from scheduler.sdk.task_arguments import TaskArguments

Notifier = Callable[[Any], Any]


class HITLUser(TypedDict):
    """Somebody who may answer, by the name that they sign in with: either of the two."""

    id: str
    name: str


class HITLTriggerEventError(TaskError):
    """What came of a question is no answer."""


class HITLTimeoutError(HITLTriggerEventError):
    """Nobody has answered in time, and there are no defaults."""


class HITLRejectException(FailTask):
    """A person has said no."""


class HITLOperator(BaseOperator):
    """Asks a person to choose of `options`, and to fill in `params`; meanwhile it holds no slot.

    Returns `chosen_options`, `params_input`, `responded_at` and `responded_by_user`. After `response_timeout` the
    `defaults` are taken; without them the task fails. `body` is Markdown. Only `assigned_users` may answer, everybody
    where none are named. `notifiers` are called with the context as it begins to wait.
    """

    template_fields: Sequence[str] = ("subject", "body")
    asks_people = True

    def __init__(
        self,
        task_id: str,
        *,
        subject: str,
        options: Sequence[str],
        body: str | None = None,
        defaults: str | Sequence[str] | None = None,
        multiple: bool = False,
        notifiers: Notifier | Iterable[Notifier] = (),
        assigned_users: Mapping[str, str] | Iterable[Mapping[str, str]] | None = None,
        response_timeout: timedelta | float | None = None,
        **arguments: Unpack[TaskArguments],
    ) -> None:
        super().__init__(task_id, **arguments)
        self.subject = subject
        self.body = body
        self.options = [*options]
        self.defaults = [defaults] if isinstance(defaults, str) else None if defaults is None else [*defaults]
        self.multiple = multiple
        self.notifiers = [notifiers] if callable(notifiers) else [*notifiers]
        self.assigned_users = _users(assigned_users)
        # Airflow's older spelling: what the author bounds is the wait, and asking takes no time.
        wait = _wait(response_timeout)
        self.response_timeout = self.execution_timeout if wait is None else wait
        self.execution_timeout = None
        self._check()

    def _check(self) -> None:
        if "_options" in self.params:
            raise BadDag(f"{author_line()}: {self.task_id}: a param cannot be called '_options'.")
        try:
            check_question(self._question("?"))
        except ValueError as error:
            raise BadDag(f"{author_line()}: {self.task_id}: {error}") from None

    def _question(self, subject: str, body: str | None = None) -> Question:
        timeout = self.response_timeout
        return Question(
            subject=subject,
            body=body,
            options=tuple(self.options),
            defaults=None if self.defaults is None else tuple(self.defaults),
            multiple=self.multiple,
            params={name: _described(each) for name, each in read_params(self.params).items()},
            assigned_users=tuple(self.assigned_users),
            method="execute_complete",
            timeout_s=None if timeout is None else timeout.total_seconds(),
        )

    def execute(self, context: Context) -> NoReturn:
        """Tell the notifiers, and end the attempt until somebody has answered."""
        asked = self._question(str(self.subject), None if self.body is None else str(self.body))
        try:
            check_question(asked)
        except ValueError as error:
            raise FailTask(str(error)) from None
        for notifier in self.notifiers:
            self._notify(notifier, context)
        raise TaskAwaitingInput(asked)

    def _notify(self, notifier: Notifier, context: Context) -> None:
        try:
            notifier(context)
        except Exception:
            self.log.exception("The notifier %r failed; the question is asked all the same.", notifier)

    def execute_complete(self, context: Context, event: Data) -> Any:
        """Return the answer."""
        if "error" in event:
            kind = HITLTimeoutError if event.get("error_type") == "timeout" else HITLTriggerEventError
            raise kind(event["error"])
        if unknown := {*event["chosen_options"]} - {*self.options}:
            raise HITLTriggerEventError(f"{sorted(unknown)} are no options of this task any more.")
        return {
            name: event[name]
            for name in ("chosen_options", "params_input", "responded_at", "responded_by_user")
        }

    def generate_link_to_ui(
        self,
        *,
        task_instance: Any,
        base_url: str | None = None,
        options: str | Sequence[str] | None = None,
        params_input: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the address of the page on which the task is answered, filled in with an answer if one is given."""
        chosen = [options] if isinstance(options, str) else [*(options or ())]
        if unknown := {*chosen} - {*self.options}:
            raise BadParams(f"{sorted(unknown)} are no options of task {self.task_id!r}.")
        if unknown := {*(params_input or {})} - {*self.params}:
            raise BadParams(f"{sorted(unknown)} are no params of task {self.task_id!r}.")
        root = base_url or os.environ.get("DIRIGENT_BASE_URL", "")
        if not root:
            raise BadParams("Give base_url, such as https://dirigent.example, or set DIRIGENT_BASE_URL.")
        names = (task_instance.dag_id, "runs", task_instance.run_id, "tasks", task_instance.task_id)
        where = "/".join(quote(each, safe="") for each in names)
        path = {} if task_instance.map_index < 0 else {"map_index": task_instance.map_index}
        query = urlencode({"_options": chosen, **(params_input or {}), **path}, doseq=True)
        return f"{root.rstrip('/')}/dags/{where}/required_actions" + (f"?{query}" if query else "")

    @staticmethod
    def generate_link_to_ui_from_context(*, context: Context, **more: Any) -> str:
        """Return the same for the running task."""
        task: HITLOperator = context["task"]
        return task.generate_link_to_ui(task_instance=context["ti"], **more)


class ApprovalOperator(HITLOperator):
    """Asks for a yes or no: `Approve` or `Reject`.

    After a no what follows right after it is skipped, or all that follows, whatever its trigger rules, with
    `ignore_downstream_trigger_rules`. With `fail_on_reject` the task fails instead, and is not tried again.
    """

    APPROVE: ClassVar[str] = "Approve"
    REJECT: ClassVar[str] = "Reject"

    def __init__(
        self,
        task_id: str,
        *,
        subject: str,
        ignore_downstream_trigger_rules: bool = False,
        fail_on_reject: bool = False,
        **arguments: Any,
    ) -> None:
        for name in ("options", "multiple"):
            if name in arguments:
                raise bad_argument(name, arguments[name], "leave it out: it is Approve or Reject")
        super().__init__(task_id, subject=subject, options=[self.APPROVE, self.REJECT], **arguments)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules
        self.fail_on_reject = fail_on_reject

    def execute_complete(self, context: Context, event: Data) -> Any:
        """Go on, or skip what follows."""
        answer = super().execute_complete(context, event)
        if answer["chosen_options"] == [self.APPROVE]:
            return answer
        if self.fail_on_reject:
            raise HITLRejectException(f"rejected by {_name(answer)}")
        context["ti"].skip_tasks(self._followers())
        return answer

    def _followers(self) -> list[str]:
        assert self.dag is not None
        names = _all_below(self) if self.ignore_downstream_trigger_rules else {*self.downstream_task_ids}
        return sorted(each for each in names if not self.dag.get_task(each).is_teardown)


class HITLBranchOperator(HITLOperator):
    """Asks which way to go: the options name the tasks right after it, or `options_mapping` says which they mean."""

    def __init__(
        self,
        task_id: str,
        *,
        subject: str,
        options: Sequence[str],
        options_mapping: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, subject=subject, options=options, **arguments)
        self.options_mapping = dict(options_mapping or {})
        if unknown := sorted({*self.options_mapping} - {*self.options}):
            raise bad_argument("options_mapping", unknown, "map options, each to the id of a task")
        if not all(isinstance(each, str) for each in self.options_mapping.values()):
            raise bad_argument("options_mapping", self.options_mapping, "map each option to the id of a task")

    def execute_complete(self, context: Context, event: Data) -> Any:
        """Skip the ways not taken."""
        answer = super().execute_complete(context, event)
        chosen = [self.options_mapping.get(each, each) for each in answer["chosen_options"]]
        follow_branch(self, context, chosen)
        return chosen


class HITLEntryOperator(HITLOperator):
    """Asks a person to fill in a form: `params`, and a button `OK` unless there are other options."""

    OK: ClassVar[str] = "OK"

    def __init__(self, task_id: str, *, subject: str, **arguments: Any) -> None:
        if "options" not in arguments:
            arguments = {"defaults": [self.OK], **arguments, "options": [self.OK]}
        super().__init__(task_id, subject=subject, **arguments)


def _described(param: Param) -> Data:
    value = {"value": param.default} if param.has_default else {}
    return {**value, "schema": param.schema, "description": param.description}


def _users(given: Mapping[str, str] | Iterable[Mapping[str, str]] | None) -> list[Data]:
    users: list[Any] = [given] if isinstance(given, Mapping) else [*(given or ())]
    if not all(isinstance(each, Mapping) and "id" in each for each in users):
        raise bad_argument("assigned_users", given, 'give dicts such as {"id": "ada", "name": "Ada"}')
    return [{"id": str(each["id"]), "name": str(each.get("name", each["id"]))} for each in users]


def _wait(given: timedelta | float | None) -> timedelta | None:
    return timedelta(seconds=given) if isinstance(given, int | float) else given


def _name(answer: Data) -> str:
    user = answer["responded_by_user"]
    return str(user["name"]) if user else "its default, as nobody answered in time"


def _all_below(task: BaseOperator) -> set[str]:
    assert task.dag is not None
    found: set[str] = set()
    waiting = [*task.downstream_task_ids]
    while waiting:
        task_id = waiting.pop()
        if task_id not in found:
            found.add(task_id)
            waiting += task.dag.downstream_of(task_id)
    return found
