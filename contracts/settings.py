"""Every setting of Tripline: one frozen model for each part, read from `TRIPLINE_…` environment variables.

`load` reads the environment (and a `.env` file, which the environment overrides), takes any setting from a file when
`<NAME>_FILE` is given, and refuses names that no model knows.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from contracts.errors import ConfigurationError

PREFIX = "TRIPLINE_"
CHECKOUT = Path(__file__).resolve().parent.parent
PROJECT_ID = r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$"
LABEL = r"[a-z][a-z0-9_-]{0,62}=[a-z0-9_-]{0,63}"
ROLE_NAME = r"^[a-z_][a-z0-9_]{0,62}$"


class Settings(BaseSettings):
    """Base of all settings models: frozen, validated, masked when printed."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    section: ClassVar[str] = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values only from what `load` passes in, so that reading is explicit and testable."""
        return (init_settings,)

    @classmethod
    def names(cls) -> dict[str, str]:
        """Return the environment variable of each field: `{"TRIPLINE_KAFKA_TOPIC": "topic", …}`."""
        return {f"{PREFIX}{cls.section}_{field.upper()}": field for field in cls.model_fields}


class KafkaSettings(Settings):
    """Where the broker is, how to speak to it, and the topic."""

    section: ClassVar[str] = "KAFKA"
    bootstrap_servers: str = Field("127.0.0.1:9092", description="Brokers, host:port, comma-separated.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="SASL_SSL for managed brokers (Azure Event Hubs: port 9093)."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field("PLAIN", description="With SASL_*.")
    sasl_username: str = Field("", description="With SASL_*; `$ConnectionString` for Event Hubs.")
    sasl_password: SecretStr = Field(SecretStr(""), description="With SASL_*.")
    ssl_ca_location: str = Field("", description="CA bundle; empty uses the system's.")
    topic: str = Field("trips.events.v1", pattern=r"^[A-Za-z0-9._-]{1,249}$", description="The topic of trip events.")
    partitions: int = Field(6, ge=1, le=1000, description="Partitions when the topic is created.")
    replication_factor: int = Field(1, ge=1, le=10, description="Replicas when the topic is created.")
    minimum_insync_replicas: int = Field(1, ge=1, le=10, description="min.insync.replicas of the topic.")
    retention_hours: int = Field(168, ge=1, description="retention.ms of the topic, in hours.")
    timeout_seconds: float = Field(10, gt=0, le=14, description="How long a broker may take to answer at the start.")

    @model_validator(mode="after")
    def _replicas(self) -> "KafkaSettings":
        if self.minimum_insync_replicas > self.replication_factor:
            raise ValueError("minimum_insync_replicas is larger than replication_factor")
        return self

    def client_config(self) -> dict[str, Any]:
        """Return librdkafka's connection properties, secrets in plain text: never log it."""
        config: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            "socket.keepalive.enable": True,
        }
        if self.ssl_ca_location:
            config["ssl.ca.location"] = self.ssl_ca_location
        if self.security_protocol.startswith("SASL"):
            config["sasl.mechanism"] = self.sasl_mechanism
            config["sasl.username"] = self.sasl_username
            config["sasl.password"] = self.sasl_password.get_secret_value()
        return config


class LakeSettings(Settings):
    """The Postgres data lake."""

    section: ClassVar[str] = "LAKE"
    host: str = Field("127.0.0.1", description="Host or socket folder of Postgres.")
    port: int = Field(5432, ge=1, le=65535, description="Port of Postgres.")
    database: str = Field("tripline", description="Database of the lake.")
    user: str = Field("tripline", description="Role of this process; the one that migrates owns the lake.")
    password: SecretStr = Field(SecretStr(""), description="Its password; there is no default.")
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="libpq's sslmode; verify-full for a server across a network."
    )
    timeout_seconds: int = Field(10, ge=2, le=14, description="How long connecting may take.")

    @property
    def address(self) -> str:
        """Host, port and database, for messages."""
        return f"{self.host}:{self.port}/{self.database}"


class RolesSettings(Settings):
    """Roles of the lake beside its owner, each with the least that its process needs (docs/lake.md)."""

    section: ClassVar[str] = "ROLES"
    consumer: str = Field("tripline_consumer", pattern=ROLE_NAME, description="Lands events.")
    consumer_password: SecretStr = Field(SecretStr(""), description="Its password; empty leaves the role's as it is.")
    warehouse: str = Field("tripline_warehouse", pattern=ROLE_NAME, description="Loads BigQuery, and runs Mage.")
    warehouse_password: SecretStr = Field(SecretStr(""), description="Its password.")
    maintenance: str = Field("tripline_maintenance", pattern=ROLE_NAME, description="Makes, indexes and drops days.")
    maintenance_password: SecretStr = Field(
        SecretStr(""), description="Its password; empty maintains as TRIPLINE_LAKE_USER."
    )
    analyst: str = Field("tripline_analyst", pattern=ROLE_NAME, description="Reads the views of schema lake.")
    analyst_password: SecretStr = Field(SecretStr(""), description="Its password.")


class BigQuerySettings(Settings):
    """The warehouse. The emulator and the real service differ only here."""

    section: ClassVar[str] = "BIGQUERY"
    project: str = Field("tripline", pattern=PROJECT_ID, description="Google Cloud project that holds the datasets.")
    billing_project: str = Field(
        "", pattern=f"^$|{PROJECT_ID}", description="Project that runs the jobs and pays for them; empty: the same."
    )
    labels: str = Field(
        "",
        pattern=rf"^({LABEL}(,{LABEL}){{0,9}})?$",
        description="More labels of every job, for the bill: team=mobility,stage=test.",
    )
    location: str = Field("US", description="Location of the datasets.")
    dataset_prefix: str = Field(
        "", pattern=r"^[a-z0-9_]{0,64}$", description="Put before bronze, silver and gold, to share a project."
    )
    time_zone: str = Field(
        "America/Chicago",
        pattern=r"^[A-Za-z]+(/[A-Za-z0-9_+-]+){0,2}$",
        description="Local time of the city, by its IANA name: hours of the day in gold. Set it before the first load.",
    )
    emulator_url: str = Field("", description="http://host:port of the emulator; empty for the real service.")
    credentials_file: str = Field("", description="Service account key; empty uses application default credentials.")
    maximum_bytes_billed: int = Field(10 * 2**30, ge=10 * 2**20, description="Cap of every query, in bytes.")
    job_timeout_seconds: int = Field(600, ge=10, description="How long a job may take.")
    retry_seconds: float = Field(60, ge=1, le=600, description="How long a refused call is tried again, with back-off.")
    timeout_seconds: float = Field(10, gt=0, le=14, description="How long the service may take to answer at the start.")

    @property
    def job_labels(self) -> dict[str, str]:
        """Labels of every job: which application, and what was set."""
        return dict(each.split("=", 1) for each in self.labels.split(",") if each) | {"application": "tripline"}


class ProducerSettings(Settings):
    """How the producer delivers."""

    section: ClassVar[str] = "PRODUCER"
    cache_folder: str = Field("", description="Where fetched trips are kept; empty: the user's cache folder.")
    queue_messages: int = Field(50_000, ge=10, description="Unacknowledged events held in memory before it waits.")
    delivery_timeout_seconds: int = Field(120, ge=1, description="When an unacknowledged event counts as failed.")
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = Field("lz4", description="Codec of the batches.")
    journal_folder: str = Field(
        "", description="Keeps what is unconfirmed, and sends it again after a kill; empty keeps nothing."
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="Serves /metrics, /live and /ready; 0 does not.")
    metrics_host: str = Field("127.0.0.1", description="Where they are served; 0.0.0.0 lets other machines in.")


class ConsumerSettings(Settings):
    """How the consumer lands events in the lake."""

    section: ClassVar[str] = "CONSUMER"
    group: str = Field("tripline-lake", min_length=1, description="Consumer group.")
    batch_rows: int = Field(20_000, ge=1, le=100_000, description="Rows of one COPY at the most.")
    batch_bytes: int = Field(
        12 * 2**20, ge=1_024, description="Bytes of one COPY at the most; each writer holds two: one fills, one lands."
    )
    batch_seconds: float = Field(1.0, gt=0, le=60, description="How long an event waits for its batch to fill.")
    landing_seconds: float = Field(
        30,
        ge=1,
        le=100,
        description="When a landing that does not end counts as lost; a third of the poll interval at most.",
    )
    writers: int = Field(2, ge=1, le=16, description="Connections to the lake that land side by side.")
    prefetch_bytes: int = Field(
        16 * 2**20, ge=2**20, le=2**31, description="Bytes of messages that are fetched ahead of the writers."
    )
    outage_seconds: float = Field(
        900, ge=0, description="How long landing may fail in a row before the consumer exits; 0 retries for ever."
    )
    group_protocol: Literal["classic", "consumer"] = Field(
        "classic", description="Rebalance protocol; consumer (KIP-848) needs brokers of Kafka 4.0 or newer."
    )
    instance_id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,200}$",
        description="Static member of the group: after a restart within the session it goes on at once with the "
        "partitions it had. Each consumer of the group needs its own; empty for a dynamic member.",
    )
    session_seconds: int = Field(
        10,
        ge=6,
        le=300,
        description="How long a consumer may be silent before its partitions go to another; with the consumer protocol "
        "the broker decides (group.consumer.session.timeout.ms).",
    )
    maximum_message_bytes: int = Field(1_048_576, ge=1_024, description="A larger message is a dead letter.")
    dead_letter_budget: int = Field(
        10_000, ge=0, description="Dead letters in one run after which the consumer stops; 0 stops at the first."
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of /metrics, /live and /ready on loopback; 0 serves nothing."
    )


class MaintenanceSettings(Settings):
    """What the lake's maintenance keeps, and for how long."""

    section: ClassVar[str] = "MAINTENANCE"
    days_ahead: int = Field(3, ge=1, le=60, description="Days to come whose partitions are made ahead.")
    retention_days: int = Field(
        365, ge=8, description="A day is dropped when it is older, and only when every warehouse has reconciled it."
    )
    dead_letter_days: int = Field(365, ge=8, description="Dead letters are deleted when they are older.")
    lock_seconds: float = Field(
        2, ge=0.1, le=20, description="How long a lock is waited for before the work is left to the next run."
    )
    mage_days: int = Field(14, ge=1, description="Mage's runs, their outputs and logs are deleted when they are older.")


class WarehouseSettings(Settings):
    """How the lake is loaded into BigQuery."""

    section: ClassVar[str] = "WAREHOUSE"
    window_rows: int = Field(500_000, ge=1, description="Offsets of one load window at the most.")
    work_folder: str = Field("", description="Where a window's Parquet files stand meanwhile; empty: temporary.")


class ForecastSettings(Settings):
    """How the demand of the coming week is predicted."""

    section: ClassVar[str] = "FORECAST"
    history_weeks: int = Field(26, ge=2, le=260, description="Weeks that it looks back on at the most.")
    coverage: float = Field(0.9, ge=0.5, le=0.99, description="Share of the hours that the bounds are to hold.")
    backtest_weeks: int = Field(4, ge=1, le=52, description="Past weeks whose prediction is scored in each run.")


class QualitySettings(Settings):
    """When a check of data quality is red (docs/data-quality.md)."""

    section: ClassVar[str] = "QUALITY"
    days: float = Field(2, gt=0, le=366, description="Checks look at service dates that windows touched since so long.")
    arrival_minutes: float = Field(
        60, ge=0, description="How old the newest event of the lake may be; 0 only reports its age."
    )
    load_minutes: float = Field(15, gt=0, description="How long an event may wait in the lake to be loaded.")
    event_minutes: float = Field(
        0, ge=0, description="How long ago the newest event may have happened; 0 only reports it, as for a replay."
    )
    volume_weeks: int = Field(8, ge=3, le=52, description="Weeks that an hour is compared with.")
    volume_minimum: int = Field(20, ge=1, description="Hours with fewer trips on the median are not judged.")
    volume_tolerance: float = Field(0.5, gt=0, description="How far from the median an hour may be, as a share of it.")
    outside_share: float = Field(
        0.05, ge=0, le=1, description="Share of the trips that may be out of the ranges below; five trips always may."
    )
    maximum_kilometres: float = Field(200, gt=0, description="Distance that a trip of this city has at the most.")
    maximum_hours: float = Field(12, gt=0, description="Duration that a trip has at the most.")
    maximum_kilometres_per_hour: float = Field(160, gt=0, description="Mean speed of a trip at the most.")
    maximum_charge: int = Field(100_000, gt=0, description="What a trip is charged at the most, in minor units.")
    south: float = Field(41.5, ge=-90, le=90, description="The city's box: least latitude, decimal degrees.")
    north: float = Field(42.2, ge=-90, le=90, description="The city's box: largest latitude.")
    west: float = Field(-88.1, ge=-180, le=180, description="The city's box: least longitude.")
    east: float = Field(-87.4, ge=-180, le=180, description="The city's box: largest longitude.")


class StackSettings(Settings):
    """The whole stack on one machine: native (`make up`, `make demo`) or in Docker, where a port is never 0."""

    section: ClassVar[str] = "STACK"
    folder: str = Field(".tripline", description="State and logs of the native parts.")
    cache_folder: str = Field("", description="Where Kafka's jars are kept; empty: the user's cache folder.")
    kafka_port: int = Field(0, ge=0, le=65535, description="0 takes a free port; in Docker the default is 9092.")
    lake_port: int = Field(0, ge=0, le=65535, description="0 takes a free port; in Docker the default is 5432.")
    bigquery_port: int = Field(0, ge=0, le=65535, description="0 takes a free port; in Docker the default is 9050.")
    mage_port: int = Field(6789, ge=0, le=65535, description="Mage's UI; 0 takes a free port.")
    events_per_second: float = Field(20, ge=0.1, le=3_000, description="Rate of the simulated city.")


class MageSettings(Settings):
    """Mage's server."""

    section: ClassVar[str] = "MAGE"
    owner_email: str = Field("owner@tripline.local", description="Login of Mage's owner.")
    owner_password: SecretStr = Field(SecretStr(""), description="Its password; `make up` makes one up when empty.")
    jwt_secret: SecretStr = Field(SecretStr(""), description="Signs Mage's sessions; 32 characters or more.")
    database: str = Field("mage", description="Database in the lake's Postgres for Mage's own state.")
    data_folder: str = Field(".tripline/mage", description="Where blocks' outputs and the logs of runs are kept.")
    allow_edits: bool = Field(False, description="Let the owner edit and run blocks in the UI, which rewrites files.")
    public_url: str = Field(
        "", pattern=r"^(https?://\S+[^/\s])?$", description="Address of Mage's UI in alerts; empty: this machine's."
    )
    alert_webhook_url: SecretStr = Field(
        SecretStr(""), description="Gets a JSON document when a run failed or is late; empty: nobody does."
    )
    slack_webhook_url: SecretStr = Field(SecretStr(""), description="Slack's incoming webhook, for the same.")

    @field_validator("alert_webhook_url", "slack_webhook_url")
    @classmethod
    def _is_address(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("An address begins with https:// or http://")
        return url


class PowerBISettings(Settings):
    """Where `make publish` puts the Power BI report, as which service principal, and who may see it."""

    section: ClassVar[str] = "POWERBI"
    tenant_id: str = Field("", description="Microsoft Entra tenant.")
    client_id: str = Field("", description="Service principal; Contributor of the workspace.")
    client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    workspace_id: str = Field("", description="Workspace that the model and the report go to.")
    connection_id: str = Field("", description="Cloud connection to BigQuery that the service principal may use.")
    billing_project: str = Field("tripline", description="Google Cloud project that pays for the model's queries.")
    project: str = Field("tripline", description="Google Cloud project that holds gold.")
    dataset: str = Field("gold", pattern=r"^[a-z0-9_]{1,128}$", description="BigQuery dataset with the star schema.")
    refresh_times: str = Field(
        "07:30", pattern=r"^([01]\d|2[0-3]):[03]0(,([01]\d|2[0-3]):[03]0)*$", description="Daily, HH:00 or HH:30."
    )
    time_zone: str = Field("UTC", description="Windows time zone of the refresh times.")
    viewers: str = Field("", description="Object ids of the groups that may see the report, comma-separated.")
    smoke_user: str = Field("", description="User principal name as whom the smoke query asks; empty asks nothing.")
    refresh_minutes: int = Field(60, ge=1, le=300, description="How long a refresh may take.")


ALL_SETTINGS: tuple[type[Settings], ...] = (
    KafkaSettings,
    LakeSettings,
    RolesSettings,
    BigQuerySettings,
    ProducerSettings,
    ConsumerSettings,
    MaintenanceSettings,
    WarehouseSettings,
    ForecastSettings,
    QualitySettings,
    StackSettings,
    MageSettings,
    PowerBISettings,
)

Model = TypeVar("Model", bound=Settings)


def read_environment(environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> dict[str, str]:
    """Return all `TRIPLINE_…` values: `env_file` under `environ`, `<NAME>_FILE` replaced by that file's first line.

    Raises ConfigurationError for a name that no settings model knows, or a file that cannot be read.
    """
    from_file = {name: value or "" for name, value in dotenv_values(env_file).items()} if env_file.is_file() else {}
    return {**_resolve(from_file), **_resolve(os.environ if environ is None else environ)}


def load(model: type[Model], environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Model:
    """Return one part's settings.

    Raises ConfigurationError that names the variable, without its value.
    """
    values = read_environment(environ, env_file)
    names = model.names()
    try:
        return model.model_validate({field: values[name] for name, field in names.items() if name in values})
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        field = str(problem["loc"][0]) if problem["loc"] else ""
        where = f"{PREFIX}{model.section}_{field.upper()}".rstrip("_")
        raise ConfigurationError(
            f"A setting is wrong: {problem['msg']}", where=where, remedy="See .env.example for what it means."
        ) from error


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment variables that make `load` return these settings, secrets in plain text."""
    values: dict[str, str] = {}
    for name, field in settings.names().items():
        value = getattr(settings, field)
        values[name] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return values


def child_environment(*settings: Settings) -> dict[str, str]:
    """Return the environment for a program that we start: ours, with these settings as its only `TRIPLINE_` ones."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return ours | {name: value for each in settings for name, value in environment_of(each).items()}


def with_checkout(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with which a program finds our packages from any folder: first on its PYTHONPATH."""
    path = filter(None, (str(CHECKOUT), environment.get("PYTHONPATH")))
    return {**environment, "PYTHONPATH": os.pathsep.join(path)}


def _resolve(source: Mapping[str, str]) -> dict[str, str]:
    values = {name: value for name, value in source.items() if name.startswith(PREFIX)}
    known = {name for model in ALL_SETTINGS for name in model.names()}
    for name in sorted(values.keys() - known):
        target = name.removesuffix("_FILE")
        if target not in known:
            raise _unknown(name, known)
        path = values.pop(name)
        if path:
            values[target] = _first_line(name, path)
    return values


def _unknown(name: str, known: set[str]) -> ConfigurationError:
    close = get_close_matches(name, known, n=1)
    remedy = f"Did you mean {close[0]}?" if close else "See .env.example for all settings."
    return ConfigurationError("Unknown setting", where=name, remedy=remedy)


def _first_line(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").split("\n", 1)[0]
    except OSError as error:
        raise ConfigurationError(
            f"The file of a setting cannot be read: {error.strerror}", where=f"{name}={path}"
        ) from error
