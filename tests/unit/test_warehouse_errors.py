"""BigQuery's errors become poison, transient or fatal by their reason, never by their text."""

from collections.abc import Callable
from typing import Any

import pytest
import requests.exceptions
from google.api_core.exceptions import BadRequest, Forbidden, InternalServerError, RetryError, Unauthorized
from google.auth.exceptions import RefreshError

from contracts.errors import ConfigurationError, FatalError, PoisonError, TransientError, TriplineError
from warehouse.errors import REASONS, bigquery_errors, classify


@pytest.mark.parametrize(
    ("reason", "code", "kind"),
    [
        ("invalid", 400, PoisonError),
        ("backendError", 503, TransientError),
        ("internalError", 500, TransientError),
        ("rateLimitExceeded", 403, TransientError),
        ("jobRateLimitExceeded", 400, TransientError),
        ("quotaExceeded", 403, FatalError),
        ("accessDenied", 403, FatalError),
        ("bytesBilledLimitExceeded", 400, FatalError),
        ("notFound", 404, FatalError),
        ("invalidQuery", 400, FatalError),
        ("resourcesExceeded", 400, FatalError),
        ("somethingNew", 503, TransientError),
        ("somethingNew", 429, TransientError),
        ("somethingNew", 400, FatalError),
        ("somethingNew", 401, ConfigurationError),
        ("", None, FatalError),
    ],
)
def test_the_reason_decides_then_the_status(reason: str, code: int | None, kind: type[TriplineError]) -> None:
    errors = [{"reason": reason, "message": "quotes s3cret data"}] if reason else []
    found = classify(errors, code, "job tripline_1")
    assert type(found) is kind
    assert "s3cret" not in str(found)
    assert "job tripline_1" in str(found)


def test_a_transient_reason_is_never_fatal_nor_the_other_way_round() -> None:
    for reason, (kind, _) in REASONS.items():
        assert type(classify([{"reason": reason}], 400, "x")) is kind is type(classify([{"reason": reason}], 503, "x"))


@pytest.mark.parametrize(
    ("raised_by", "arguments", "kind"),
    [
        (BadRequest, {"message": "x", "errors": [{"reason": "invalid"}]}, PoisonError),
        (Forbidden, {"message": "x", "errors": [{"reason": "quotaExceeded"}]}, FatalError),
        (InternalServerError, {"message": "x"}, TransientError),
        (Unauthorized, {"message": "x"}, ConfigurationError),
        (requests.exceptions.ConnectionError, {}, TransientError),
        (requests.exceptions.ReadTimeout, {}, TransientError),
        (RetryError, {"message": "x", "cause": None}, TransientError),
        (TimeoutError, {}, TransientError),
        (RefreshError, {}, ConfigurationError),
    ],
)
def test_what_the_client_raises_is_translated(
    raised_by: Callable[..., Exception], arguments: dict[str, Any], kind: type[TriplineError]
) -> None:
    raised = raised_by(**arguments)
    with pytest.raises(TriplineError) as found, bigquery_errors("job 1"):
        raise raised
    assert type(found.value) is kind
    assert found.value.__cause__ is raised
