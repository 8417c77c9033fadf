"""Every error that Dirigent raises on purpose. Leaves are named for the fact; a message tells the remedy."""

from __future__ import annotations

from collections.abc import Sequence


class DirigentError(Exception):
    """Root of all errors that a user, a DAG author or an operator can put right."""


class BadSetting(DirigentError):
    """A setting is unknown, malformed or contradicts another one. A value of None is not shown."""

    def __init__(self, name: str, value: object, remedy: str) -> None:
        super().__init__(f"{name}: {remedy}" if value is None else f"{name}={value!r}: {remedy}")
        self.name = name
        self.value = value


class BadDag(DirigentError):
    """A DAG file declares something that cannot work."""


class BadMapping(DirigentError):
    """An item that a task is mapped over is not what the task can take."""


class BadId(BadDag):
    """An id is empty, too long, or holds characters that ids may not hold."""

    def __init__(self, what: str, value: object, *, also: str = "") -> None:
        super().__init__(
            f"{what} {value!r} is not allowed: use 1 to 250 letters, digits, '_', '-', '.'{also}; "
            "not starting with '.'"
        )
        self.value = value


class BadName(DirigentError):
    """A pool, variable, connection, queue, tag or key is given a name that cannot be one."""

    def __init__(self, what: str, value: str) -> None:
        shown = value if len(value) <= 250 else f"{value[:40]}…"
        super().__init__(
            f"{what} {shown!r} is not allowed: use 1 to 250 printable characters, without blanks around them."
        )
        self.value = value


class BadPassword(DirigentError):
    """A password cannot be set. The message never repeats it."""


class BadRole(DirigentError):
    """A role, a right or what it is about cannot be read, or does not exist."""


class TooMuchAtOnce(DirigentError):
    """Others do the same already; it may be asked for again in `retry_s` seconds."""

    def __init__(self, message: str, retry_s: int) -> None:
        super().__init__(message)
        self.retry_s = retry_s


class BadConnection(DirigentError):
    """A connection cannot be made of what was given. The message never repeats it: it may hold a password."""


class BadExport(DirigentError):
    """What another system told, in a file or by its API, cannot be read. The message repeats no value of it."""


class DagCycle(BadDag):
    """Tasks wait for each other in a circle."""

    def __init__(self, dag_id: str, task_ids: Sequence[str]) -> None:
        circle = " -> ".join([*task_ids, task_ids[0]])
        super().__init__(f"DAG {dag_id!r} has a cycle: {circle}. Remove one of these arrows.")
        self.dag_id = dag_id
        self.task_ids = tuple(task_ids)


class DuplicateTask(BadDag):
    """Two tasks of one DAG carry the same id."""

    def __init__(self, dag_id: str, task_id: str) -> None:
        super().__init__(f"DAG {dag_id!r} has two tasks named {task_id!r}; give one of them another task_id.")
        self.dag_id = dag_id
        self.task_id = task_id


class DuplicateDag(BadDag):
    """Two files declare the same dag_id."""

    def __init__(self, dag_id: str, first_file: str, second_file: str) -> None:
        super().__init__(
            f"DAG {dag_id!r} is declared in both {first_file} and {second_file}; rename one. "
            f"The one in {first_file} stays in force."
        )
        self.dag_id = dag_id


class BadSchedule(BadDag):
    """A cron expression, time zone, or interval cannot be read."""


class NaiveDate(BadDag):
    """A date without a time zone was given."""


class ProviderNotInstalled(DirigentError):
    """A provider of Airflow's could not be installed."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} could not be installed: {reason}")
        self.name = name


class NotInDirigent(DirigentError):
    """A file uses a thing of another system that Dirigent does not have."""


class BadParams(DirigentError):
    """Params or conf break the schema that the DAG declares."""


class TooMany(BadParams):
    """A request is about more than is done at once: nothing of it is done."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"More than {limit:,} {what} are meant, and none was touched: narrow them down.")
        self.limit = limit


class BadConf(DirigentError):
    """A run's conf is not a JSON object, or is too large."""


class NotFound(DirigentError):
    """A DAG, run, task, attempt, pool or variable of that name does not exist."""

    def __init__(self, what: str, name: str, *, hint: str = "") -> None:
        super().__init__(f"There is no {what} {name!r}. {hint}".rstrip())
        self.what = what
        self.name = name


class Conflict(DirigentError):
    """What was asked for contradicts the present state; the message says which state."""


class Forbidden(DirigentError):
    """Whoever asks may not do this."""


class AlreadyExists(Conflict):
    """A run with that id, logical date or idempotency key exists."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"A {what} {name!r} already exists.")
        self.what = what
        self.name = name


class Outdated(Conflict):
    """What is to be changed is no longer what the caller has seen."""


class KeyTaken(Conflict):
    """A write with this key is known already, and is not done again. `retry_s`: when its answer may be known."""

    def __init__(self, message: str, retry_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_s = retry_s


class NothingToRerun(Conflict):
    """Nothing of what was chosen can run again."""


class TooLarge(DirigentError):
    """A value is larger than its limit."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} is {size:,} bytes; the limit is {limit:,} bytes.")
        self.size = size
        self.limit = limit


class NotSerializable(DirigentError):
    """A value cannot be stored as JSON."""


class BadSpan(DirigentError):
    """What user code told of itself is no span."""


class BadBackup(DirigentError):
    """A backup cannot be made, or is none that can be restored."""


class DatabaseUnavailable(DirigentError):
    """The database cannot be reached, or is of a kind or version that does not work."""


class DatabaseFull(DatabaseUnavailable):
    """The database has no room to write; what is in it can be read."""


class ArchiveUnavailable(DirigentError):
    """The place where logs are shipped to cannot be reached."""


class NewerDatabase(DirigentError):
    """The database was migrated by a newer Dirigent."""


class OlderDatabase(DirigentError):
    """The database has tables of an older release, which cannot be changed while others use them."""


class UnreadableGraph(DirigentError):
    """The stored graph of a version is damaged."""

    def __init__(self, version_id: int, cause: Exception) -> None:
        super().__init__(
            f"The stored graph of version {version_id} cannot be read ({type(cause).__name__}: {cause}). "
            "A run of it can be cancelled, or rerun with the code of now."
        )


class NewerForm(DirigentError):
    """Something was written by a newer Dirigent in a form that this one cannot read; others may."""

    def __init__(self, what: str, form: object, known: object) -> None:
        super().__init__(
            f"{what} was written by a newer Dirigent, in form {form}; this one reads up to {known}. "
            "Upgrade it; until then it leaves the work to others."
        )
        self.form = form


class BrokerUnavailable(DirigentError):
    """The message broker cannot be reached."""


class NoAnswer(DirigentError):
    """A server was asked for its health and does not answer."""


class LeadLost(DirigentError):
    """Another scheduler leads by now; nothing was written."""


class AlreadyRunning(DirigentError):
    """A server of this home folder runs already."""


class TemplateFailed(DirigentError):
    """A Jinja template of a task could not be rendered."""
