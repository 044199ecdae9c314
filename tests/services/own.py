"""What a test has to itself on the shared services: a database, datasets, and the environment that names them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.settings import (
    ALL_SETTINGS,
    BigQuerySettings,
    ConsumerSettings,
    KafkaSettings,
    LakeSettings,
    MageSettings,
    StackSettings,
    WarehouseSettings,
    child_environment,
)
from stack.postgres import create_database, drop_database
from warehouse.bigquery import connect_client

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def unique_name() -> str:
    """Return a name that nobody else uses: `test_` and 12 hexadecimal digits."""
    return f"test_{secrets.token_hex(6)}"


@contextmanager
def own_database(server: LakeSettings, name: str) -> Iterator[LakeSettings]:
    """Make an empty database, and drop it afterwards."""
    lake = server.model_copy(update={"database": name})
    create_database(lake)
    yield lake
    drop_database(lake)


@contextmanager
def own_datasets(server: BigQuerySettings, name: str) -> Iterator[BigQuerySettings]:
    """Give a dataset prefix; its datasets are deleted afterwards."""
    settings = server.model_copy(update={"dataset_prefix": f"{name}_"})
    yield settings
    bigquery = connect_client(settings, "the tests' BigQuery")
    for dataset in bigquery.list_datasets(settings.project, max_results=1_000):
        if dataset.dataset_id.startswith(settings.dataset_prefix):
            bigquery.delete_dataset(dataset.reference, delete_contents=True, not_found_ok=True)


def own_environment(
    kafka: KafkaSettings, lake: LakeSettings, bigquery: BigQuerySettings, name: str, folder: Path
) -> dict[str, str]:
    """Return the environment of a program that uses these, with its files in `folder`.

    Every setting is in it, so that a `.env` in the checkout changes nothing.
    """
    defaults = [model() for model in ALL_SETTINGS]
    own = (
        kafka,
        lake,
        bigquery,
        ConsumerSettings(group=name),
        WarehouseSettings(work_folder=str(folder / "windows")),
        StackSettings(folder=str(folder / "stack")),
        MageSettings(data_folder=str(folder / "mage")),
    )
    return {**child_environment(*defaults, *own), "PYTHONPATH": str(CHECKOUT)}
