"""Publish: SQL in BigQuery from silver to gold, within the partitions that a window touched.

Dimensions come before the facts that carry their keys. A trip may show that a vehicle drove for another company than
its later trips said: then these trips, in whatever partition, are restated with the version that now holds.
"""

from collections.abc import Sequence
from datetime import date

from warehouse.bigquery import BigQuery
from warehouse.merge import groups, rejected_days, run, touched_days
from warehouse.names import Target


def publish(bigquery: BigQuery, target: Target, load_id: str) -> None:
    """Bring gold up to date with the trips that the window touched; running it again changes nothing."""

    def apply(name: str, days: Sequence[date]) -> None:
        for dates in groups(days):
            run(bigquery, target, load_id, f"bigquery/gold/{name}", dates)

    apply("health_rejected", rejected_days(bigquery, target, load_id))
    touched = touched_days(bigquery, target, load_id)
    if not touched:
        return
    run(bigquery, target, load_id, "bigquery/gold/dim_date", [touched[0], touched[-1]])
    for dimension in ("dim_provider", "dim_vehicle"):
        run(bigquery, target, load_id, f"bigquery/gold/{dimension}")
    stale = [row["day"] for row in run(bigquery, target, load_id, "bigquery/gold/stale_days")]
    for fact in ("fact_trip", "fact_trip_event"):
        apply(fact, sorted({*touched, *stale}))
    apply("agg_zone_hour", touched)
    apply("vehicle_day", stale)
