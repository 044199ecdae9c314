"""Where the tests look for their services."""

import pytest

from contracts.settings import BigQuerySettings
from tests.services.choice import Choice, Source, bigquery_at


@pytest.mark.parametrize(
    ("address", "settings"),
    [
        ("http://127.0.0.1:9050", BigQuerySettings(emulator_url="http://127.0.0.1:9050")),
        ("bigquery://acme-data", BigQuerySettings(project="acme-data")),
        ("bigquery://acme-data/europe-west3", BigQuerySettings(project="acme-data", location="europe-west3")),
    ],
)
def test_bigquery_is_an_emulator_or_a_project(address: str, settings: BigQuerySettings) -> None:
    assert bigquery_at(address) == settings


def test_an_address_comes_before_what_is_forced() -> None:
    choice = Choice({"TRIPLINE_TEST_BIGQUERY": "bigquery://acme-data", "TRIPLINE_TEST_SERVICES": "native"})
    assert choice.source("bigquery") == Source.GIVEN
    assert choice.source("kafka") == Source.NATIVE
