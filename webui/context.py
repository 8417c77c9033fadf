"""What the pages are given by whoever builds them, and how a view reaches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from flask import current_app, g

from scheduler.alert_rules import AlertRule
from scheduler.clock import Clock
from scheduler.core.cost import Prices
from scheduler.core.scopes import Sight, sight_of
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import LogLine
from scheduler.logs.reader import PART_LIMIT, LogPart
from scheduler.plugins.loading import Plugins
from scheduler.security.encryption import FernetCipher
from scheduler.security.rights import NOBODY, OF_SERVER, Asker, Right
from scheduler.security.secret_key import SecretKey
from scheduler.store.graph_cache import GraphCache
from scheduler.store.sight import narrow
from scheduler.wire import DagSpec
from webui.kept import Kept

if TYPE_CHECKING:
    from scheduler.store import Database, Session

T = TypeVar("T")


class LogReader(Protocol):
    """Reads the log of an attempt, wherever it lies."""

    def read(self, address: LogAddress, offset: int, limit: int = PART_LIMIT) -> LogPart:
        """Return what was written from `offset` on, about `limit` bytes."""

    def is_all_here(self, ended_at: datetime | None) -> bool:
        """Say whether all of the log can be read that will ever be, of an attempt that ended then."""

    def size(self, address: LogAddress) -> int:
        """Return the offset at which the log ends for now."""

    def tail(self, address: LogAddress, count: int) -> tuple[LogLine, ...]:
        """Return the last lines, at most `count`."""


class Health(Protocol):
    """An answer to a probe."""

    @property
    def is_ok(self) -> bool:
        """Whether all is well."""

    @property
    def body(self) -> Mapping[str, Any]:
        """What to say."""


class Monitor(Protocol):
    """What this process tells of itself: `scheduler.monitoring`."""

    def metrics(self) -> bytes:
        """Return everything in Prometheus' text form."""

    def scaling(self) -> Mapping[str, Any]:
        """Return what autoscalers ask for. Raises DatabaseUnavailable."""

    def health(self) -> Health:
        """Tell whether every part makes progress."""

    def liveness(self) -> Health:
        """Tell whether every loop comes round."""


class ConnectionTrials(Protocol):
    """Tries connections out, elsewhere than in this process."""

    def try_out(self, fields: Mapping[str, Any]) -> tuple[bool, str]:
        """Return whether a connection works, and what was said of it, no secret in that. Raises TooMuchAtOnce."""


class Claim(Protocol):
    """A write that its caller may repeat (`webui.api.frame.repeats`)."""

    def claim(self, session: Session) -> None:
        """Take the caller's key for this transaction. Raises Conflict where a repetition had it first."""


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting as people are shown it."""

    value: object
    source: str  #: where it was set, empty for its default
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenId:
    """Another place of sign-in, by OpenID Connect."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    name_claim: str
    groups_claim: str
    #: GROUP=ROLE
    roles: tuple[str, ...]
    #: What people call it.
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """Everything that the pages need from outside."""

    db: Database
    clock: Clock
    logs: LogReader
    secret: SecretKey
    monitor: Monitor
    #: What programs that read metrics carry as `Bearer`; None: they need the session of a person.
    metrics_token: str | None = None
    port: int = 8080
    #: Address by which people reach the page, where that is not the one it listens on.
    base_url: str | None = None
    #: Whether it listens elsewhere than on loopback, and so is called by the numbers of its host too.
    is_public: bool = False
    dags_folder: str = "dags"
    #: What a push hook of the DAG repository signs with; None: there is no such hook.
    hook_secret: str | None = field(default=None, repr=False)
    openid: OpenId | None = None
    #: Shared with the scheduler where both run in one process.
    graphs: GraphCache = field(default_factory=GraphCache)
    #: Alert rules that are no DAG file's; channels by name, of their addresses the service only.
    alert_rules: tuple[AlertRule, ...] = ()
    channels: Mapping[str, str] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)
    plugins: Plugins = field(default_factory=Plugins)
    #: None: connections are not tried out here.
    trials: ConnectionTrials | None = None
    kept: Kept = field(default_factory=Kept)
    version: str = "unknown"
    #: What is spoken where neither the reader nor their browser asks for a language that is known: en, de.
    language: str = "en"
    #: The settings in force, nothing secret in them.
    settings: Mapping[str, ShownSetting] = field(default_factory=dict)

    @property
    def cipher(self) -> FernetCipher:
        """What variables and connections are encrypted with."""
        return FernetCipher(self.secret)


def web() -> WebContext:
    """Return what this application was built with."""
    return cast(WebContext, current_app.extensions["dirigent"])


def spec_of(session: Session, version_id: int) -> DagSpec:
    """Return the tasks of a version."""
    return web().graphs.get(session, version_id).spec


def writing(work: Callable[[Session], T]) -> T:
    """Return what `work` returns, committed; it may run several times until the database lets it through.

    Where the request names a condition (`If-Match`) or a key (`Idempotency-Key`), it is held in the same transaction.
    """
    check = condition()

    def checked(session: Session) -> T:
        check(session)
        return work(session)

    return web().db.transact(checked)


def condition() -> Callable[[Session], None]:
    """Return what the request has hold first in the transaction that changes something, where `writing` is none."""
    check: Callable[[Session], None] = g.pop("precondition", _nothing)
    claim: Claim | None = g.get("claim")

    def first(session: Session) -> None:
        if claim is not None:
            claim.claim(session)
        check(session)

    return first


def _nothing(_: Session) -> None:
    """Hold always."""


def actor() -> str:
    """Return who asks, as the event table names them."""
    return f"user:{asker().name}"


def now() -> datetime:
    """Return the present instant of the application's clock."""
    return web().clock.now()


@contextmanager
def reading() -> Iterator[Session]:
    """Open a read of the database that sees what whoever asks may see in this view (`scheduler.store.sight`)."""
    with web().db.read() as session:
        narrow(session, sight(*g.get("rights", ())))
        yield session


def asker() -> Asker:
    """Return who asks; nobody, before that is known."""
    found: Asker = g.get("asker", NOBODY)
    return found


def sight(*rights: Right) -> Sight:
    """Return what whoever asks may see, of that where they have these rights too."""
    about = (right for right in (Right.DAG_READ, *rights) if right not in OF_SERVER)
    return sight_of(*(asker().scope_of(right) for right in about))
