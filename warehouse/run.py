"""What a step works with: the warehouse, its ledger and its lock, the lake, the settings."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from psycopg import Connection

from contracts import lake as postgres
from contracts.settings import BigQuerySettings, LakeSettings, WarehouseSettings, load
from warehouse import extract as extraction
from warehouse.bigquery import BigQuery, connect
from warehouse.ledger import Ledger, hold_ledger
from warehouse.names import Target
from warehouse.window import Partition


class Scope(NamedTuple):
    """Which warehouse to work on and, with `ceiling`, before which offset of each partition to stop."""

    target: Target
    ceiling: Mapping[Partition, int] | None = None


class Run(NamedTuple):
    """What a step works with, while it holds the target's lock."""

    ledger: Ledger
    bigquery: BigQuery
    target: Target
    lake: LakeSettings
    settings: WarehouseSettings
    ceiling: Mapping[Partition, int] | None = None

    def files(self, load_id: str) -> extraction.Files:
        """Return where a window's files stand."""
        return extraction.files_of(self.settings, self.target.key, load_id)

    def connect_lake(self) -> AbstractContextManager[Connection[Any]]:
        """Open a connection to the lake."""
        return postgres.connect(self.lake, application="warehouse")


def configured_target() -> Target:
    """Return the warehouse that the settings name."""
    return Target.of(load(BigQuerySettings))


@contextmanager
def hold(scope: Scope | None = None) -> Iterator[Run]:
    """Hold the target's lock, for as long as a step works.

    Raises UnreachableError, ConfigurationError, BusyError.
    """
    lake, bigquery = load(LakeSettings), load(BigQuerySettings)
    target, ceiling = scope or Scope(Target.of(bigquery))
    # Asked before the lock is taken: a warehouse that does not answer must not keep others waiting.
    warehouse = connect(bigquery)
    with hold_ledger(lake, target) as ledger:
        yield Run(ledger, warehouse, target, lake, load(WarehouseSettings), ceiling)
