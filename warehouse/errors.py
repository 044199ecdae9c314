"""What BigQuery's errors mean: one table from its `reason` codes to poison, transient or fatal."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as JobTimeoutError
from contextlib import contextmanager
from typing import Any

import google.auth.exceptions
import requests.exceptions
from google.api_core.exceptions import GoogleAPICallError, RetryError

from contracts.errors import ConfigurationError, FatalError, PoisonError, TransientError, TriplineError

PREPARE = "`python -m warehouse prepare` creates what is missing."

# https://cloud.google.com/bigquery/docs/error-messages: reason -> class and what to do about it.
REASONS: dict[str, tuple[type[TriplineError], str]] = {
    "invalid": (PoisonError, "The rows of the window stand in its Parquet file; the ledger keeps its place."),
    "badRequest": (PoisonError, ""),
    "backendError": (TransientError, ""),
    "internalError": (TransientError, ""),
    "jobBackendError": (TransientError, ""),
    "jobInternalError": (TransientError, ""),
    "rateLimitExceeded": (TransientError, "Run it less often."),
    "jobRateLimitExceeded": (TransientError, "Run it less often."),
    "resourceInUse": (TransientError, ""),
    "tableUnavailable": (TransientError, ""),
    "timeout": (TransientError, "TRIPLINE_BIGQUERY_JOB_TIMEOUT_SECONDS bounds a job."),
    "stopped": (TransientError, "The job was cancelled or ran past TRIPLINE_BIGQUERY_JOB_TIMEOUT_SECONDS."),
    "accessDenied": (FatalError, "The account needs bigquery.dataEditor on the datasets and bigquery.jobUser."),
    "billingNotEnabled": (FatalError, "Enable billing for the project."),
    "bytesBilledLimitExceeded": (FatalError, "TRIPLINE_BIGQUERY_MAXIMUM_BYTES_BILLED caps every query."),
    "blocked": (FatalError, "Google has blocked the operation; contact its support."),
    "invalidQuery": (FatalError, "Is the schema current? " + PREPARE),
    "notFound": (FatalError, PREPARE),
    "quotaExceeded": (FatalError, "The quota renews by itself; the ledger keeps its place."),
    "resourcesExceeded": (FatalError, "Lower TRIPLINE_WAREHOUSE_WINDOW_ROWS."),
    "responseTooLarge": (FatalError, ""),
}


@contextmanager
def bigquery_errors(where: str) -> Iterator[None]:
    """Raise what BigQuery's client raises as PoisonError, TransientError, FatalError or ConfigurationError."""
    try:
        yield
    except GoogleAPICallError as error:
        raise classify(error.errors or [], error.code, where) from error
    except google.auth.exceptions.GoogleAuthError as error:
        raise refused(where) from error
    except (requests.exceptions.RequestException, RetryError, JobTimeoutError) as error:
        raise TransientError(f"BigQuery did not answer in time ({type(error).__name__})", where=where) from error


def classify(errors: Sequence[Mapping[str, Any]], code: int | None, where: str) -> TriplineError:
    """Return the error that BigQuery's answer means, by `reason`, else by HTTP status; never by its text.

    `errors` is the answer's list of `{"reason", "location", "message"}`; messages may quote data and are left out.
    """
    reason = str(errors[0].get("reason", "")) if errors else ""
    at = f"{where}, location {errors[0]['location']}" if errors and errors[0].get("location") else where
    if reason in REASONS:
        kind, remedy = REASONS[reason]
        return kind(f"BigQuery refused with {reason}", where=at, remedy=remedy)
    what = f"BigQuery answered {code or 'without a status'} ({reason or 'no reason'})"
    if code == 401:
        return refused(where)
    if code is not None and (code >= 500 or code in {408, 409, 429}):
        return TransientError(what, where=at)
    return FatalError(what, where=at)


def refused(where: str) -> ConfigurationError:
    """Name missing or refused Google credentials."""
    return ConfigurationError(
        "Google refused the credentials",
        where=where,
        remedy="Set TRIPLINE_BIGQUERY_CREDENTIALS_FILE, or run `gcloud auth application-default login`.",
    )
