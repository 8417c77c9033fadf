"""Every setting, with its default, its bounds and its meaning."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationInfo, field_validator

from scheduler.alert_rules import AlertRule
from scheduler.alert_settings import read_rules, scheme_only
from scheduler.config.hidden import without_password
from scheduler.config.kinds import (
    BrokerUrl,
    DatabaseUrl,
    DaysOf,
    Folder,
    GitRef,
    GitUrl,
    LogUrl,
    Networks,
    RolesOf,
    Subfolder,
    ViewUrl,
    WebUrl,
    Words,
)
from scheduler.git_address import shown_address

PREFIX: Final = "DIRIGENT_"
TOML_NAME: Final = "dirigent.toml"
INPROC_SCHEME: Final = "inproc://"


class Settings(BaseModel):
    """Every setting of Dirigent. In the environment: `DIRIGENT_` and the name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    home: Folder = Field(
        Path(".dirigent"), description="Folder of what Dirigent keeps: database, secrets, snapshots, logs."
    )
    dags_folder: Folder = Field(Path("dags"), description="Folder whose Python files declare the DAGs.")
    plugins_folder: Folder = Field(
        Path("plugins"),
        description="Folder whose Python files are plugins (docs/plugins.md). They are trusted: servers import them.",
    )
    dags_git_url: GitUrl | None = Field(
        None,
        description="A git repository that is the DAG folder, in place of `dags_folder`: `https://host/team/dags.git`, "
        "`git@host:team/dags.git` or `file:///srv/git/dags.git` (`docs/bundles.md`).",
    )
    dags_git_ref: GitRef = Field("HEAD", description="Branch, tag or commit that is in force.")
    dags_git_subfolder: Subfolder = Field(
        "",
        json_schema_extra={"default_text": "its top"},
        description="Folder in the repository that holds the DAG files.",
    )
    dags_git_refresh_s: float = Field(
        60.0,
        ge=0,
        description="Seconds between two looks at the repository; 0: only at the start and when it is told to.",
    )
    dags_git_timeout_s: float = Field(300.0, gt=0, description="Seconds that a fetch may take.")
    dags_git_token: SecretStr | None = Field(
        None, min_length=1, description="Password or token for an address that begins with https."
    )
    dags_git_key_file: Folder | None = Field(
        None, description="File with the private key for an address of ssh; unset: what ssh finds by itself."
    )
    dags_git_hook_secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="Secret that a push hook signs with, or sends as its token, to have the repository looked at at "
        "once: `POST /hooks/git`. Unset: there is no such address.",
    )
    dags_git_view_url: ViewUrl | None = Field(
        None,
        json_schema_extra={
            "default_text": "known for github.com, gitlab.com, bitbucket.org and codeberg.org"
        },
        description="Address of a commit's page, for links: `https://git.acme.test/dags/commit/{version}`.",
    )
    dags_lock_file: Subfolder = Field(
        "",
        json_schema_extra={"default_text": "none"},
        description="A lock file below the DAG folder (`requirements.lock`, `pylock.toml`). Each host builds the "
        "environment that it names once; tasks run in it, DAG files are imported with it (`docs/bundles.md`).",
    )
    database_url: DatabaseUrl = Field(
        default_factory=lambda known: f"sqlite:///{known['home'] / 'dirigent.db'}",
        json_schema_extra={"default_text": "`dirigent.db` in the home folder (SQLite)"},
        description="The database: `sqlite:///<path>` or `postgresql://user:password@host/name`.",
    )
    broker_url: BrokerUrl = Field(
        "inproc://local",
        description="What carries tickets to workers: `inproc://local` (one process, nothing to install), "
        "`redis://host:6379/0` or `amqp://user:password@host//`; encrypted: `rediss://` or `amqps://`, with "
        "`?ssl_ca_certs=/path` where the system does not know the authority.",
    )
    log_max_bytes: int = Field(
        64_000_000,
        ge=100_000,
        description="What the log of one attempt may take on its worker. Of a longer one, beginning and end are kept.",
    )
    log_copy_max_bytes: int = Field(
        2_000_000,
        ge=100_000,
        description="What a copy of it may take in the database, for readers on other hosts: beginning and end, too.",
    )
    log_url: LogUrl | None = Field(
        None,
        description="Where the logs of ended attempts are shipped to, for every host to read: `file:///srv/logs` on a "
        "shared disk, `s3://bucket/logs` (`pip install 'dirigent[s3]'`), or another address that fsspec knows.",
    )
    log_retention_days: int = Field(
        30,
        ge=0,
        description="Days after which logs are deleted from the disk of their worker and from the database; 0: never. "
        "What was shipped to `log_url` stays there.",
    )
    history_days: float = Field(
        0,
        ge=0,
        description="Days after which a run that has ended is deleted, with its tasks, attempts, XComs and events; 0: "
        "never. What something looks back at stays.",
    )
    history_runs_per_dag: int = Field(
        0,
        ge=0,
        description="Of each DAG, so many of the newest runs are kept, older ones are deleted; 0: all.",
    )
    history_days_of: DaysOf = Field(
        (),
        description="`history_days` of some DAGs: `audit_*=0 metrics=7`; the first pattern that fits counts, 0: all "
        "runs are kept for ever.",
    )
    history_url: LogUrl | None = Field(
        None,
        description="Where runs are archived before they are deleted (JSON lines, gzip, a folder a day): "
        "`file:///srv/history`, `s3://bucket/history`, or another address that fsspec knows.",
    )
    task_state_days: float = Field(
        30,
        ge=0,
        le=36_500,
        description="Days after its last change after which what a task keeps in `task_state_store` is deleted, where "
        "the task says nothing else; 0: with its run.",
    )
    xcom_url: LogUrl | None = Field(
        None,
        description="Where values that tasks return are kept that are too large for the database, frames as Parquet: "
        "`file:///srv/values` on a disk that all workers share, `s3://bucket/values`, or another address that fsspec "
        "knows. They go with their run.",
    )
    xcom_threshold_bytes: int = Field(
        100_000,
        ge=0,
        description="Values that take more than this as JSON are kept at `xcom_url`, where it is set.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="From which level on the servers write to their own log."
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="Form of the servers' own log: `text` for people, `json` for programs, one object a line with run, "
        "task and attempt where a line is about one.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address that the page binds to.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the page; 0 takes any free one.")
    base_url: WebUrl | None = Field(
        None,
        description="Address of the page as people reach it, for links; else made of host and port.",
    )
    language: Literal["en", "de"] = Field(
        "en",
        description="Language of the pages for whoever has not chosen one, and whose browser asks for none that "
        "Dirigent speaks ([languages](languages.md)).",
    )
    tls_certificate: Folder | None = Field(
        None,
        description="A PEM file with the certificate of the page and those between it and its authority: the page "
        "speaks TLS then, and nothing else. It is read again when it is renewed.",
    )
    tls_key: Folder | None = Field(
        None,
        description="A PEM file with the key of `tls_certificate`, where that file does not hold it too.",
    )
    trusted_proxies: Networks = Field(
        (),
        description="Addresses or networks of proxies in front of the page, with spaces between them. What these say "
        "of who asks (`X-Forwarded-For`, `-Proto`, `-Host`) is believed, of nobody else.",
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Signs sign-in links, encrypts variables and connections. Made at the first start and kept in "
        "the home folder; processes on several machines must be given the same one. To change it: new and old "
        "one, with a space between them.",
    )
    oidc_issuer: WebUrl | None = Field(
        None,
        description="A place of sign-in that speaks OpenID Connect: `https://login.acme.test/realms/acme`. Its "
        "callback is `/sign-in/oidc/callback` below `base_url` ([users](users.md)).",
    )
    oidc_client_id: str = Field("dirigent", min_length=1, description="What Dirigent is called there.")
    oidc_client_secret: SecretStr | None = Field(
        None, min_length=8, description="The secret that Dirigent shares with it."
    )
    oidc_scopes: str = Field("openid profile email", min_length=6, description="What it is asked for.")
    oidc_name_claim: str = Field(
        "preferred_username", min_length=1, description="What of its answer is the name of the user here."
    )
    oidc_groups_claim: str = Field(
        "groups", min_length=1, description="What of its answer lists the groups of the user."
    )
    oidc_roles: RolesOf = Field(
        (),
        description="The roles of groups, set anew at each sign-in: `data-team=User@team:data admins=Admin *=Viewer`; "
        "`*` stands for everybody. Who has none is not let in.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address that the small endpoint of `metrics_port` binds to. Beyond loopback it needs a "
        "`metrics_token`.",
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port on which a server answers `/metrics`, `/scaling` and `/health` by itself; 0 takes any free "
        "one, unset: none. The page answers them too.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What programs carry to read `/metrics` and `/scaling`: `Authorization: Bearer <token>`. Without "
        "it the page shows them to people who are signed in, the small endpoint to everybody on its host.",
    )
    otlp_url: WebUrl | None = Field(
        None,
        description="Collector that takes OpenTelemetry's OTLP over HTTP, such as `http://127.0.0.1:4318`: traces of "
        "runs, tasks and attempts, and logs, go there (`pip install 'dirigent[otel]'`). Headers, certificates and "
        "time limits are OpenTelemetry's own: `OTEL_EXPORTER_OTLP_HEADERS`, ...",
    )
    health_late_s: float = Field(
        30.0,
        gt=0,
        description="Seconds without progress after which a part of a server is late, and `/health` red; a part that "
        "works at longer intervals is given three of them.",
    )
    parallelism: int | None = Field(
        None,
        ge=1,
        description="Attempts that `dirigent up` runs at once; unset: four a core. A worker of its own has "
        "`--slots`.",
    )
    max_map_length: int = Field(
        1024,
        ge=1,
        description="Items of a task's result that others are mapped over, at most: each makes an instance of the "
        "mapped task. The scheduler's setting counts.",
    )
    dags_are_paused_at_creation: bool = Field(False, description="Whether a new DAG waits to be unpaused.")
    airflow_names: Literal["dirigent", "installed"] = Field(
        "dirigent",
        description="What `import airflow` gives a DAG file where Airflow itself is installed: Dirigent's objects, or "
        "the `installed` ones.",
    )
    airflow_schedule: Literal["ask", "trigger", "interval"] = Field(
        "ask",
        description="What `schedule=` with a cron or timedelta means in a file that imports `airflow` and not "
        "`airflow.sdk`: a `trigger` at each instant, as in Airflow 3, or, as in 2, the end of a data `interval`. "
        "`ask`: a trigger until somebody says, on the DAG's page or by `dirigent dags schedule-meaning`, which it is.",
    )
    lease_s: float = Field(
        30.0, gt=0, description="Seconds that a worker may be silent before its attempts count as lost."
    )
    heartbeat_s: float = Field(
        default_factory=lambda known: known["lease_s"] / 3,
        json_schema_extra={"default_text": "a third of `lease_s`"},
        gt=0,
        description="Seconds between two renewals of leases; at most a third of `lease_s`.",
    )
    drain_s: float = Field(
        0.0,
        ge=0,
        description="Seconds that `dirigent worker`, told to stop (SIGTERM, Ctrl-C), lets its attempts end by "
        "themselves; the rest it stops and hands back. Whoever stops it must wait 10 s more. A second signal ends it.",
    )
    parse_timeout_s: float = Field(
        30.0, gt=0, description="Seconds that the import of one DAG file may take."
    )
    parse_memory_mb: int = Field(
        1024, ge=64, description="Memory that the import of one DAG file may take, in MB."
    )
    task_isolation: Literal["fork", "fresh"] = Field(
        "fork",
        description="Where the process of a task comes from that does not say: `fork` of one that has its DAG file "
        "imported, or a `fresh` interpreter, which takes a quarter of a second to start.",
    )
    attempt_memory_mb: int | None = Field(
        None,
        ge=64,
        description="Memory that an attempt may take whose task has no `memory_limit`, in MB; unset: what the machine "
        "has.",
    )
    attempt_memory_max_mb: int | None = Field(
        None, ge=64, description="The most that a task may ask for by `memory_limit`, in MB; unset: anything."
    )
    attempt_cpus: float | None = Field(
        None,
        ge=0.01,
        description="Cores that an attempt may keep busy whose task has no `cpu_limit`; unset: all.",
    )
    attempt_cpus_max: float | None = Field(
        None, ge=0.01, description="The most that a task may ask for by `cpu_limit`; unset: anything."
    )
    control_groups: Literal["auto", "off"] = Field(
        "auto",
        description="Whether control groups of the kernel hold attempts to their limits where this process may make "
        "them (version 2 where it is delegated, else version 1), or `off`: only limits of each process.",
    )
    run_as_users: Words = Field(
        (),
        description="Users of the system that tasks may ask to run as by `run_as_user`; takes a worker that runs as "
        "root. Never `root`.",
    )
    run_as_default: str | None = Field(
        None,
        min_length=1,
        description="User of the system as whom DAG files are imported, and tasks run that name none; takes a process "
        "that runs as root. Unset: the user of the process itself.",
    )
    pass_environ: Words = Field(
        (),
        description="Variables of the environment that DAG files and tasks may see beside the common ones "
        "(`PATH`, `LANG`, `HTTPS_PROXY`, ...): names, or `AWS_*` for all that start so. Dirigent's own never.",
    )
    connection_test: Literal["off", "on"] = Field(
        "off",
        description="Whether people who may edit connections may try one out, on its page and by the API. `on`: the "
        "server's host then calls any host that they name, from within its network, and so do workers on which it is "
        "on ([security](security.md)).",
    )
    sqlite_synchronous: Literal["NORMAL", "FULL"] = Field(
        "NORMAL",
        description="`NORMAL`: a power loss may repeat the last moments of work, never corrupt. "
        "`FULL`: not even that, at the price of slower commits.",
    )
    notify_on_failure: Words = Field(
        (),
        description="Whom to tell of every failed run: Apprise addresses (in the environment, with spaces). The "
        "simplest of the [alert rules](alerts.md).",
    )
    channels: dict[str, SecretStr] = Field(
        default_factory=dict,
        json_schema_extra={
            "default_text": "none",
            "names": "`[channels]`, `<name>`, `<name>_file`",
            "variable": "`DIRIGENT_CHANNEL_<NAME>`, `..._FILE`",
        },
        description="Whom [alert rules](alerts.md) may tell: names for Apprise addresses.",
    )
    alerts: tuple[Any, ...] = Field(
        (),
        json_schema_extra={"default_text": "none", "names": "`[[alerts]]`", "variable": "none"},
        description="[Alert rules](alerts.md): when to tell which channels of what.",
    )
    cpu_hour_price: Decimal | None = Field(
        None,
        ge=0,
        description="What an hour of a processor costs, so that runs and DAGs show what they cost; unset: no prices.",
    )
    gb_hour_price: Decimal | None = Field(
        None,
        ge=0,
        description="What a gigabyte of memory costs for an hour, counted at the peak of each attempt.",
    )
    currency: str = Field("EUR", pattern=r"^\S{1,8}$", description="What prices are in: `EUR`, `USD`, `€`.")

    @field_validator("dags_folder", "plugins_folder")
    @classmethod
    def _secrets_lie_apart_from_code(cls, value: Path, info: ValidationInfo) -> Path:
        if value == info.data.get("home"):
            raise ValueError("the home folder holds Dirigent's secrets; keep DAG files and plugins in others")
        return value

    @field_validator("run_as_users", "run_as_default")
    @classmethod
    def _nobody_runs_as_root(cls, value: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        if value and "root" in (value if isinstance(value, tuple) else (value,)):
            raise ValueError("no task runs as root; name other users")
        return value

    @field_validator("heartbeat_s")
    @classmethod
    def _lease_covers_three_heartbeats(cls, value: float, info: ValidationInfo) -> float:
        lease_s = info.data.get("lease_s", 0.0)
        if value * 3 > lease_s + 1e-9:
            raise ValueError(f"a heartbeat may take at most a third of lease_s, which is {lease_s:g} s")
        return value

    @field_validator("alerts", mode="before")
    @classmethod
    def _rules_can_be(cls, value: Any, info: ValidationInfo) -> tuple[AlertRule, ...]:  # noqa: ANN401 - as written
        return read_rules(value, info.data.get("channels", {}), TOML_NAME)

    @property
    def is_embedded(self) -> bool:
        """Whether one process does it all."""
        return self.broker_url.startswith(INPROC_SCHEME)

    @property
    def page_url(self) -> str:
        """Address of the page as people reach it, without a final slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.base_url or f"{self.page_scheme}://{host}:{self.port}").rstrip("/")

    @property
    def page_scheme(self) -> str:
        """What the page speaks on its port."""
        return "https" if self.tls_certificate else "http"

    @property
    def sources(self) -> dict[str, str]:
        """Where each setting was set that is not at its default: a variable, a line of the file, an option."""
        return self._sources

    def shown(self) -> dict[str, Any]:
        """Return all settings as JSON-ready data that may be printed: nothing secret is in it."""
        data = self.model_dump(mode="json")
        data["database_url"] = without_password(self.database_url)
        data["broker_url"] = without_password(self.broker_url)
        for name in ("log_url", "history_url", "xcom_url"):
            data[name] = data[name] and without_password(data[name])
        data["dags_git_url"] = self.dags_git_url and shown_address(self.dags_git_url)
        data["notify_on_failure"] = [scheme_only(url) for url in self.notify_on_failure]
        data["channels"] = {name: scheme_only(url.get_secret_value()) for name, url in self.channels.items()}
        data["alerts"] = [rule.data for rule in self.alerts]
        return data


def default_slots() -> int:
    """Return how many attempts one worker runs at once unless told: four a core."""
    return 4 * (os.cpu_count() or 1)
