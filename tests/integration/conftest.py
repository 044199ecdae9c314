"""What several integration tests need besides the services."""

from collections.abc import Iterator

import pytest

from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings
from tests.services.own import own_database, own_datasets, own_environment, unique_name
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


@pytest.fixture(scope="module")
def shared_site(
    lake_server: LakeSettings, bigquery_server: BigQuerySettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site for all tests of a module, which one fixture of it fills: they read, and leave all as it was."""
    name = unique_name()
    with (
        own_database(lake_server, name) as lake,
        own_datasets(bigquery_server, name) as bigquery,
        pytest.MonkeyPatch.context() as patch,
    ):
        folder = tmp_path_factory.mktemp("shared_site")
        for variable, value in own_environment(KafkaSettings(topic=name), lake, bigquery, name, folder).items():
            patch.setenv(variable, value)
        yield Site(lake, bigquery)
