"""Speaking to BigQuery: every call with a timeout, every job awaited, its errors and counts read."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import google.auth.exceptions
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import Conflict, GoogleAPICallError, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery import (
    DEFAULT_RETRY,
    CopyJob,
    CopyJobConfig,
    LoadJob,
    LoadJobConfig,
    ParquetOptions,
    QueryJob,
    QueryJobConfig,
    ScalarQueryParameter,
    SchemaField,
)
from google.oauth2.service_account import Credentials

from contracts.errors import ConfigurationError, FatalError, UnreachableError
from contracts.settings import BigQuerySettings
from warehouse.errors import bigquery_errors, classify, refused

CALL_SECONDS = 60.0
NO_RETRY = DEFAULT_RETRY.with_predicate(lambda _error: False)
LOAD_ATTEMPTS = 20
PARAMETER_TYPES = {str: "STRING", int: "INT64", float: "FLOAT64", date: "DATE", datetime: "TIMESTAMP"}

Parameters = Mapping[str, str | int | float | date | datetime]


class ParquetLoad(NamedTuple):
    """A table that is to hold exactly the `rows` rows of a Parquet file, until it expires."""

    file: Path
    table: str
    schema: list[SchemaField]
    rows: int
    job_id: str
    expires: datetime


class BigQuery:
    """BigQuery as the steps use it. Methods raise PoisonError, TransientError or FatalError by BigQuery's reason."""

    def __init__(self, client: bigquery.Client, settings: BigQuerySettings) -> None:
        self._client = client
        self._settings = settings
        self._retry = DEFAULT_RETRY.with_timeout(settings.retry_seconds)

    def query(self, sql: str, name: str, parameters: Parameters | None = None) -> list[dict[str, Any]]:
        """Run one statement to its end and return its rows; `name` stands in the job's id and label.

        `parameters` are the values of `@name` in the statement.
        """
        return list(self.stream(sql, name, parameters))

    def stream(self, sql: str, name: str, parameters: Parameters | None = None) -> Iterator[dict[str, Any]]:
        """Run one statement to its end and yield its rows, a page at a time."""
        config = QueryJobConfig(
            maximum_bytes_billed=self._settings.maximum_bytes_billed,
            labels={**self._settings.job_labels, "step": name},
            # A check that is answered from a cache checks nothing.
            use_query_cache=False,
            query_parameters=[
                ScalarQueryParameter(key, PARAMETER_TYPES[type(value)], value)
                for key, value in (parameters or {}).items()
            ],
        )
        config.job_timeout_ms = self._settings.job_timeout_seconds * 1000
        # An id of our own: after a lost answer the client's retry meets the job (409) instead of running it twice.
        job_id = f"tripline_{name}_{uuid.uuid4().hex}"
        with bigquery_errors(f"query {name}, job {job_id}"):
            try:
                job = self._client.query(
                    sql, job_config=config, job_id=job_id, retry=self._retry, job_retry=None, timeout=CALL_SECONDS
                )
            except Conflict:
                job = cast("QueryJob", self._client.get_job(job_id, retry=self._retry, timeout=CALL_SECONDS))
            rows = job.result(retry=self._retry, job_retry=None, timeout=self._settings.job_timeout_seconds)
            for row in rows:
                yield dict(row.items())

    def ensure_dataset(self, name: str, description: str) -> None:
        """Create a dataset in the configured location when it is missing.

        One that is there is left alone, so that an account that may not create datasets can work in it.
        """
        with bigquery_errors(f"dataset {name}"):
            try:
                self._client.get_dataset(name, retry=self._retry, timeout=CALL_SECONDS)
            except NotFound:
                self._create_dataset(name, description)

    def load_parquet(self, load: ParquetLoad) -> str | None:
        """Replace a table by a Parquet file; return the id of the job that did it, None when no row needed one.

        A job of that id that has run before is adopted when it left the right number of rows; when it failed, or its
        table is gone, the next id is tried, because BigQuery never takes an id twice. Raises FatalError when a
        finished load left another number of rows.
        """
        self._ensure_table(load)
        if not load.rows:
            self._ensure_empty(load)
            return None
        for attempt in range(1, LOAD_ATTEMPTS + 1):
            job_id = load.job_id if attempt == 1 else f"{load.job_id}_{attempt}"
            where = f"load of {load.table}, job {job_id}"
            with bigquery_errors(where):
                job, adopted = self._start_load(load, job_id)
                try:
                    job.result(retry=self._retry, timeout=self._settings.job_timeout_seconds)
                except GoogleAPICallError:
                    if not adopted:
                        raise
                    continue
            if job.errors and not adopted:
                raise classify(job.errors, None, where)
            # Counted, not taken from the job: its output_rows is the table's total on the emulator.
            found = self.count_rows(load.table)
            if found == load.rows:
                return job_id
            if not adopted:
                raise FatalError(f"A load left {found} rows of {load.rows}", where=where)
        raise FatalError("No attempt to load succeeded", where=f"{load.table}, job {load.job_id}")

    def count_rows(self, table: str) -> int | None:
        """Return how many rows a table has, None when there is no such table."""
        with bigquery_errors(f"table {table}"):
            try:
                return int(self._client.get_table(table, retry=self._retry, timeout=CALL_SECONDS).num_rows)
            except NotFound:
                return None

    def drop_table(self, table: str) -> None:
        """Drop a table if it is there."""
        with bigquery_errors(f"table {table}"):
            self._client.delete_table(table, not_found_ok=True, retry=self._retry, timeout=CALL_SECONDS)

    def list_tables(self, dataset: str) -> list[str]:
        """Return the names of the tables and views of a dataset; none when there is no such dataset."""
        with bigquery_errors(f"dataset {dataset}"):
            try:
                return [
                    each.table_id for each in self._client.list_tables(dataset, retry=self._retry, timeout=CALL_SECONDS)
                ]
            except NotFound:
                return []

    def columns(self, table: str) -> dict[str, SchemaField]:
        """Return the columns that a table has, by name. Raises FatalError when there is no such table."""
        with bigquery_errors(f"table {table}"):
            found = self._client.get_table(table, retry=self._retry, timeout=CALL_SECONDS)
        return {each.name: each for each in found.schema}

    def copy_table(self, source: str, destination: str) -> None:
        """Replace a table by a copy of another, rows and schema, in one moment: readers see the old one or the new."""
        where = f"copy of {source} to {destination}"
        config = CopyJobConfig(
            write_disposition="WRITE_TRUNCATE",
            create_disposition="CREATE_IF_NEEDED",
            labels={**self._settings.job_labels, "step": "copy"},
        )
        job_id = f"tripline_copy_{uuid.uuid4().hex}"
        with bigquery_errors(where):
            try:
                job = self._client.copy_table(
                    source, destination, job_id=job_id, job_config=config, retry=self._retry, timeout=CALL_SECONDS
                )
            except Conflict:
                job = cast("CopyJob", self._client.get_job(job_id, retry=self._retry, timeout=CALL_SECONDS))
            job.result(retry=self._retry, timeout=self._settings.job_timeout_seconds)
        if job.errors:
            raise classify(job.errors, None, where)

    def drop_dataset(self, name: str) -> None:
        """Drop a dataset with all its tables if it is there."""
        with bigquery_errors(f"dataset {name}"):
            self._client.delete_dataset(
                name, delete_contents=True, not_found_ok=True, retry=self._retry, timeout=CALL_SECONDS
            )

    def _create_dataset(self, name: str, description: str) -> None:
        dataset = bigquery.Dataset(name)
        dataset.location = self._settings.location
        dataset.description = description
        dataset.labels = self._settings.job_labels
        self._client.create_dataset(dataset, exists_ok=True, retry=self._retry, timeout=CALL_SECONDS)

    def _ensure_table(self, load: ParquetLoad) -> None:
        table = bigquery.Table(load.table, schema=load.schema)
        table.expires = load.expires
        with bigquery_errors(f"table {load.table}"):
            self._client.create_table(table, exists_ok=True, retry=self._retry, timeout=CALL_SECONDS)

    def _ensure_empty(self, load: ParquetLoad) -> None:
        if self.count_rows(load.table):
            self.drop_table(load.table)
            self._ensure_table(load)

    def _start_load(self, load: ParquetLoad, job_id: str) -> tuple[LoadJob, bool]:
        """Start the job, or adopt the one that has this id; say which."""
        options = ParquetOptions()  # type: ignore[no-untyped-call]
        options.enable_list_inference = True
        config = LoadJobConfig(
            source_format="PARQUET",
            schema=load.schema,
            autodetect=False,
            write_disposition="WRITE_TRUNCATE",
            create_disposition="CREATE_IF_NEEDED",
            labels={**self._settings.job_labels, "step": "stage"},
        )
        config.parquet_options = options
        config.job_timeout_ms = self._settings.job_timeout_seconds * 1000
        with load.file.open("rb") as stream:
            try:
                # Without a size the client uploads resumably: a broken connection goes on where it stopped.
                job = self._client.load_table_from_file(
                    stream, load.table, job_id=job_id, job_config=config, timeout=CALL_SECONDS
                )
            except Conflict:
                return cast("LoadJob", self._client.get_job(job_id, retry=self._retry, timeout=CALL_SECONDS)), True
        return job, False


def connect(settings: BigQuerySettings) -> BigQuery:
    """Return BigQuery once it has answered.

    Raises UnreachableError, naming the address, within `settings.timeout_seconds`; ConfigurationError for
    credentials that are missing or refused.
    """
    where = settings.emulator_url or f"project {settings.project}"
    client = connect_client(settings, where)
    probe = QueryJobConfig(dry_run=True)
    try:
        with bigquery_errors(f"BigQuery at {where}"):
            client.query("SELECT 1", job_config=probe, retry=NO_RETRY, job_retry=None, timeout=settings.timeout_seconds)
    except FatalError:
        raise
    except Exception as error:
        raise UnreachableError(
            "BigQuery did not answer",
            where=f"BigQuery at {where}",
            remedy="Is it running? `make up` starts an emulator; TRIPLINE_BIGQUERY_EMULATOR_URL names another.",
        ) from error
    return BigQuery(client, settings)


def connect_client(settings: BigQuerySettings, where: str) -> bigquery.Client:
    """Return Google's own client; nothing has been asked yet. Raises ConfigurationError for unusable credentials."""
    options = ClientOptions()
    credentials: Any = None
    try:
        if settings.emulator_url:
            options = ClientOptions(api_endpoint=settings.emulator_url)
            credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        elif settings.credentials_file:
            credentials = Credentials.from_service_account_file(settings.credentials_file)  # type: ignore[no-untyped-call]
        return bigquery.Client(
            project=settings.billing_project or settings.project,
            credentials=credentials,
            client_options=options,
            location=settings.location,
        )
    except google.auth.exceptions.GoogleAuthError as error:
        raise refused(where) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The service account key cannot be used ({type(error).__name__})",
            where=f"TRIPLINE_BIGQUERY_CREDENTIALS_FILE={settings.credentials_file}",
        ) from error
