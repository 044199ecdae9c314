"""What the Chicago trips hold, counted from the CSV files alone: the figures that gold must come to.

`python tests/support/chicago_truth.py data.csv data2.csv` prints them as JSON. Shares no code with Tripline.
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any


def chicago_truth(files: Sequence[Path]) -> dict[str, Any]:
    """Return trips, revenue in cents, metres, miles, both by local month, and how many rows are dirty in which way."""
    rows = [row for file in files for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())]
    cents = [int((Decimal(row["fare"]) + Decimal(row["tips"])) * 100) for row in rows]
    miles = [Decimal(row["trip_miles"]) for row in rows]
    metres = [_metres(row) for row in rows]
    # The city counts its local time as if it were UTC.
    months = [datetime.fromtimestamp(int(row["trip_start_timestamp"]), UTC).strftime("%Y-%m") for row in rows]
    trips_by_month, cents_by_month = Counter(months), Counter[str]()
    for month, amount in zip(months, cents, strict=True):
        cents_by_month[month] += amount
    return {
        "trips": len(rows),
        "revenue_minor_units": sum(cents),
        "metres": sum(metres),
        "miles": str(sum(miles)),
        "months": {
            month: {"trips": trips_by_month[month], "revenue_minor_units": cents_by_month[month]}
            for month in sorted(trips_by_month)
        },
        "dirty": {name: sum(map(is_dirty, rows)) for name, is_dirty in DIRTY.items()},
    }


def _metres(row: dict[str, str]) -> int:
    return int((Decimal(row["trip_miles"]) * Decimal("1609.344")).to_integral_value(ROUND_HALF_EVEN))


DIRTY = {
    "zero_distance": lambda row: Decimal(row["trip_miles"]) == 0,
    "zero_fare": lambda row: Decimal(row["fare"]) == 0,
    "zero_duration": lambda row: row["trip_seconds"] != "" and Decimal(row["trip_seconds"]) == 0,
    "no_duration": lambda row: row["trip_seconds"] == "",
    "too_fast": lambda row: _metres(row) > Decimal("44.704") * Decimal(row["trip_seconds"] or 0) > 0,
    "no_company": lambda row: row["company"] == "",
    "no_dropoff_area": lambda row: row["dropoff_community_area"] == "",
    "no_dropoff_location": lambda row: row["dropoff_latitude"] == "",
}


if __name__ == "__main__":
    print(json.dumps(chicago_truth([Path(name) for name in sys.argv[1:]]), indent=2))
