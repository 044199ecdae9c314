"""Swap: tables that were built aside take the place of those that stand, without a moment of half a table.

Whole tables by copy jobs, days by one MERGE that replaces their partitions. Each table changes in one moment, and one
after the other: silver, the dimensions, the facts.
"""

from collections.abc import Sequence
from datetime import date

from contracts.errors import FatalError
from contracts.sql import load_sql
from warehouse import schema
from warehouse.bigquery import BigQuery
from warehouse.definitions import defined_tables
from warehouse.merge import groups
from warehouse.names import Target, render

TRIPS = ("silver.trip_event", "silver.trip")
EVENTS = ("bronze.rejected_event", *TRIPS)
DAYS = ("silver.provider_day", "silver.vehicle_day")
FIXED = ("gold.dim_hour", "gold.dim_zone", "gold.dim_payment", "gold.dim_outcome")
DIMENSIONS = (*FIXED, "gold.dim_date", "gold.dim_provider", "gold.dim_vehicle")
REJECTED = "gold.health_rejected"
FACTS = ("gold.fact_trip", "gold.fact_trip_event", "gold.agg_zone_hour")


def replace_tables(bigquery: BigQuery, built: Target, live: Target, tables: Sequence[str]) -> None:
    """Copy whole tables from `built` over those of `live`; a missing dataset or table is made.

    Raises FatalError when a copy has another number of rows.
    """
    # A copy into a table that its definition has made keeps what is NOT NULL.
    schema.create_tables(bigquery, live)
    for name in tables:
        pair = {"built": built.table(name), "table": live.table(name)}
        bigquery.copy_table(pair["built"], pair["table"])
        (rows,) = bigquery.query(render(load_sql("bigquery/rebuild/rows"), live, tables=pair), "swap")
        if rows["built"] != rows["copied"]:
            raise FatalError(f"A copy has {rows['copied']} rows of {rows['built']}", where=pair["table"])


def replace_days(bigquery: BigQuery, built: Target, live: Target, tables: Sequence[str], days: Sequence[date]) -> None:
    """Replace the partitions of `days` alone, at most merge.MAXIMUM_PARTITIONS in one statement."""
    for name in tables:
        pair = {"built": built.table(name), "table": live.table(name)}
        columns = [column.name for column in defined_tables()[name].columns]
        for dates in groups(days):
            sql = render(load_sql("bigquery/rebuild/replace_days"), live, tables=pair, dates=dates, columns=columns)
            bigquery.query(sql, "swap")


def days_of(bigquery: BigQuery, target: Target, table: str) -> list[date]:
    """Return the partitions that a table has."""
    sql = render(load_sql("bigquery/rebuild/days"), target, tables={"table": target.table(table)})
    return [row["day"] for row in bigquery.query(sql, "swap")]


def drop(bigquery: BigQuery, built: Target) -> None:
    """Drop what was built aside."""
    for dataset in schema.DESCRIPTIONS:
        bigquery.drop_dataset(built.dataset(dataset))
