"""What several integration tests need besides the services."""

import pytest

from contracts.settings import BigQuerySettings, LakeSettings
from tests.support.warehouse_site import Site


@pytest.fixture
def site(
    environment: dict[str, str],
    lake_settings: LakeSettings,
    bigquery_settings: BigQuerySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    """A migrated lake and an empty warehouse, which the steps find in the environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Site(lake_settings, bigquery_settings)
