"""Loss: tables that the ledger says are loaded and that are not there any more."""

from collections.abc import Iterable

from contracts.errors import FatalError
from warehouse import schema
from warehouse.bigquery import BigQuery
from warehouse.definitions import defined_tables
from warehouse.ledger import Ledger
from warehouse.names import Target

# What gold and the narrow tables of silver are made from.
SOURCES = ("bronze.rejected_event", "silver.trip_event", "silver.trip")


def lost_tables(bigquery: BigQuery, target: Target, ledger: Ledger) -> list[str]:
    """Return the tables, `dataset.table`, that were there when the newest window was planned and are not now.

    A table whose definition is newer than the warehouse is not lost: it has not been made yet.
    """
    recorded = ledger.schema_checksum()
    if recorded is None or not ledger.loaded():
        return []
    there = schema.standing_tables(bigquery, target)
    if recorded == schema.checksum(target):
        return [each for each in defined_tables() if each not in there]
    # Every version of the warehouse has had these.
    return [each for each in ("silver.trip_event", "silver.trip", "gold.fact_trip") if each not in there]


def require_tables(bigquery: BigQuery, target: Target, ledger: Ledger) -> None:
    """Raise FatalError, naming the command that brings them back, when tables were lost."""
    lost = lost_tables(bigquery, target, ledger)
    if lost:
        raise FatalError(
            f"The ledger says that these tables are loaded, and they are gone: {', '.join(lost)}",
            where=f"target {target.key}",
            remedy=f"`python -m warehouse rebuild {_layer(lost)}` builds them again.",
        )


def _layer(lost: Iterable[str]) -> str:
    return "gold" if set(SOURCES).isdisjoint(lost) else "silver"
