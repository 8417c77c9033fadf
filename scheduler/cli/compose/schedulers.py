"""The side of a process that leads: loop, DAG folder, messages to people; and the scheduler that is nothing else."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from operator import attrgetter
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from scheduler.alert_settings import addresses, alert_rules
from scheduler.cli.compose.answers import answer_of
from scheduler.cli.compose.environments import environments_of
from scheduler.cli.compose.house import House
from scheduler.cli.compose.isolation import environ_of_children, task_policy_of
from scheduler.cli.parts.archives import open_archive, open_history, open_payloads, policy_of
from scheduler.cli.parts.orphan_logs import OrphanLogs
from scheduler.cli.parts.parsers import LockedParser, TimedParser
from scheduler.dispatch.tickets import CeleryPublish, check_broker, create_celery
from scheduler.git_address import read_address
from scheduler.loop.admitting import AdmitTasks
from scheduler.loop.alarms import Alarms
from scheduler.loop.asset_runs import CreateAssetRuns
from scheduler.loop.backfilling import ContinueBackfills
from scheduler.loop.creating import CreateDueRuns
from scheduler.loop.deadlines import JudgeDeadlines
from scheduler.loop.duties import (
    Duty,
    NamedDuty,
    RescueLost,
    RingAgain,
    StartRuns,
    TimeOutRuns,
    Together,
    give_way,
    wake_runs,
)
from scheduler.loop.effects import Effects
from scheduler.loop.history import History
from scheduler.loop.judging import JudgeAlerts
from scheduler.loop.listening import Listening
from scheduler.loop.one_by_one import Way, at_once, one_by_one
from scheduler.loop.planning import PlanRuns
from scheduler.loop.pruning import Prune
from scheduler.loop.service import Service
from scheduler.parsing.folder import DagFolder
from scheduler.parsing.freshness import provided_by
from scheduler.parsing.git_folder import GitFolder
from scheduler.parsing.git_remote import Remote
from scheduler.parsing.places import Place, PlainFolder
from scheduler.parsing.register import Policy
from scheduler.runtime.environments import Environments
from scheduler.runtime.supervisor.supervisor import Supervisor
from scheduler.store.agenda import Agenda
from scheduler.store.bundles import forget_bundle
from scheduler.store.engine import Transact
from scheduler.store.run_ends import count_runs
from scheduler.store.tallies import count_attempts
from scheduler.wire import Outcome

if TYPE_CHECKING:
    from scheduler.loop.notifier import Notifier

_HAS_EVENTS: Final = attrgetter("has_events")
_HAS_BACKFILLS: Final = attrgetter("has_backfills")


def duties_of(house: House, effects: Effects) -> tuple[NamedDuty, ...]:
    """Return the table of duties, in the order in which a tick does them."""
    graphs, alarms = house.graphs, Alarms(alert_rules(house.settings))
    prune = Prune(house.settings.log_retention_days, addresses(house.settings))

    def advance(way: Way) -> Together:
        start = StartRuns(graphs, way, alarms)
        return Together((start, PlanRuns(graphs, effects, way), AdmitTasks(graphs, effects, way)))

    return (
        _either("create due runs", lambda way: CreateDueRuns(graphs, way, alarms), 50),
        _of_assets(lambda way: CreateAssetRuns(graphs, way, alarms)),
        _of_backfills(lambda way: ContinueBackfills(graphs, way)),
        NamedDuty("wake runs", wake_runs, 50),
        # Before runs are planned: what was set aside and is tried again may be set aside again by that.
        _either("rescue lost attempts", lambda way: RescueLost(graphs, way), 100),
        _either("time out runs", lambda way: TimeOutRuns(graphs, effects, way), 50),
        _either("advance runs", advance, 50, on_wake=True),
        NamedDuty("judge deadlines", JudgeDeadlines(effects), 50, asks=Agenda.has_deadline),
        NamedDuty("give way", give_way, 50, on_time=False),
        NamedDuty("ring again", RingAgain(effects), 100),
        NamedDuty("count attempts", count_attempts, 200, on_time=False),
        NamedDuty("count runs", count_runs, 200, on_time=False),
        NamedDuty("judge alerts", JudgeAlerts(alarms), 100, on_time=False),
        NamedDuty("prune", prune, 100, on_time=False),
    )


def _either(name: str, make: Callable[[Way], Duty], limit: int, *, on_wake: bool = False) -> NamedDuty:
    """Make a duty that takes its items at once, or one by one where that fails."""
    return NamedDuty(name, make(at_once), limit, make(one_by_one), on_wake=on_wake)


def _of_assets(make: Callable[[Way], Duty]) -> NamedDuty:
    """Make the duty that is done when assets have changed."""
    name, limit = "create runs for assets", 50
    return NamedDuty(name, make(at_once), limit, make(one_by_one), on_time=False, follows=_HAS_EVENTS)


def _of_backfills(make: Callable[[Way], Duty]) -> NamedDuty:
    """Make the duty that is done when a backfill may go on."""
    return NamedDuty(
        "continue backfills",
        make(at_once),
        50,
        make(one_by_one),
        asks=lambda agenda, now: agenda.has_backfills,
        follows=_HAS_BACKFILLS,
    )


def effects_of(house: House) -> Effects:
    """Build what collects the effects of planning, with the settings that it keeps to."""
    return Effects(Alarms(alert_rules(house.settings)), house.settings.max_map_length)


def make_service(
    house: House, publish: CeleryPublish, *, on_lead: Callable[[], None], on_yield: Callable[[], None]
) -> Service:
    """Build the scheduler service."""
    effects = effects_of(house)
    return Service(
        house.db,
        duties_of(house, effects),
        effects,
        publish=publish,
        clock=house.clock,
        holder=f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}",
        on_lead=on_lead,
        on_yield=on_yield,
        vitals=house.vitals,
    )


def make_notifier(house: House) -> Notifier | None:
    """Build the sender of messages, where there is a channel. Apprise takes a third of a second to load."""
    known = addresses(house.settings)
    if not known:
        return None
    module = import_module("scheduler.loop.notifier")
    notifier: Notifier = module.Notifier(house.db, house.clock, known, house.settings.page_url, house.vitals)
    return notifier


def place_of(house: House, environ: Mapping[str, str]) -> Place:
    """Return where the DAG files lie: in a folder, or in a git repository."""
    settings = house.settings
    if settings.dags_git_url is None:
        house.db.transact(forget_bundle)
        return PlainFolder(settings.dags_folder)
    return GitFolder(
        db=house.db,
        remote=Remote(
            address=read_address(settings.dags_git_url),
            ref=settings.dags_git_ref,
            subfolder=settings.dags_git_subfolder,
            token=settings.dags_git_token.get_secret_value() if settings.dags_git_token else "",
            key_file=settings.dags_git_key_file,
            timeout_s=settings.dags_git_timeout_s,
        ),
        home=settings.home,
        clock=house.clock,
        environ=environ,
        refresh_s=settings.dags_git_refresh_s,
        view_url=settings.dags_git_view_url or "",
    )


def make_folder(
    house: House,
    parser: Supervisor,
    environ: Mapping[str, str],
    environments: Environments | None,
    transact: Transact,
) -> DagFolder:
    """Build the service that reads the DAG folder; `transact` writes only while this process leads."""
    settings = house.settings
    return DagFolder(
        db=house.db,
        parser=TimedParser(parser)
        if environments is None
        else LockedParser(TimedParser(parser), environments, settings.dags_lock_file, house.clock),
        place=place_of(house, environ),
        home=settings.home,
        clock=house.clock,
        policy=Policy(
            is_paused=settings.dags_are_paused_at_creation, provided=provided_by(environ, house.clock.now())
        ),
        timeout_s=settings.parse_timeout_s,
        memory_bytes=settings.parse_memory_mb * 1024 * 1024,
        vitals=house.vitals,
        transact=transact,
    )


class SchedulerSide:
    """The loop; while this process leads, the DAG folder and retention too."""

    def __init__(
        self, house: House, publish: CeleryPublish, parser: Supervisor, environ: Mapping[str, str]
    ) -> None:
        self._house = house
        self._environ = environ
        self._parser = parser
        self._while_leading = ExitStack()
        self._service = make_service(house, publish, on_lead=self._lead, on_yield=self._while_leading.close)
        self._history_place = open_history(house.settings)
        self._payloads = open_payloads(house.settings)
        self._notifier = make_notifier(house)
        archive = open_archive(house.settings)
        self._orphans = OrphanLogs(house.db, house.clock, archive) if archive else None

    @property
    def leads(self) -> bool:
        """Whether this process is the one that plans."""
        return self._service.leads

    def start(self) -> None:
        """Begin to stand for the lead."""
        self._service.start()
        if self._notifier is not None:
            self._notifier.start()
        if self._orphans is not None:
            self._orphans.start()

    def close(self) -> None:
        """Stop, and let another lead."""
        self._service.close()
        self._while_leading.close()
        if self._notifier is not None:
            self._notifier.close()
        if self._orphans is not None:
            self._orphans.close()

    def _lead(self) -> None:
        environments = environments_of(self._house.settings, self._environ)
        if environments is not None:
            self._while_leading.callback(environments.close)
        transact = self._service.transact
        folder = make_folder(self._house, self._parser, self._environ, environments, transact)
        folder.start()
        self._while_leading.callback(folder.close)
        if listeners := self._house.plugins.listeners():
            listening = Listening(self._house.db, self._house.clock, listeners)
            listening.start()
            self._while_leading.callback(listening.close)
        policy = policy_of(self._house.settings)
        history = History(self._house.db, self._house.clock, policy, self._history_place, self._payloads)
        history.start()
        self._while_leading.callback(history.close)


class SchedulerServer:
    """A scheduler of a distributed set-up, with a supervisor of its own for parsing."""

    def __init__(self, house: House, environ: Mapping[str, str]) -> None:
        celery = create_celery(house.settings)
        check_broker(celery)
        self._publish = CeleryPublish(celery, house.vitals)
        self._supervisor = Supervisor(
            on_outcome=_expect_no_outcome,
            answer=answer_of(house),
            clock=house.clock,
            environ=environ_of_children(house.settings, environ),
            pass_on=house.settings.pass_environ,
            vitals=house.vitals,
            policy=task_policy_of(house.settings),
        )
        self._side = SchedulerSide(house, self._publish, self._supervisor, environ)

    def start(self) -> None:
        """Begin to stand for the lead."""
        self._supervisor.start()
        self._side.start()

    def close(self) -> None:
        """Give the lead up and stop."""
        self._side.close()
        self._supervisor.close()
        self._publish.close()


def _expect_no_outcome(outcome: Outcome) -> None:
    raise AssertionError(f"a scheduler launches no attempts, yet {outcome.attempt_id} ended")
