"""Trips files as Chicago writes them, small and with any cell changed."""

import csv
from collections.abc import Iterable
from pathlib import Path

ROW = {
    "pickup_community_area": "8",
    "fare": "9.25",
    "trip_start_month": "5",
    "trip_start_hour": "17",
    "trip_start_day": "6",
    "trip_start_timestamp": "1462556700",  # 2016-05-06 17:45 in Chicago, counted as UTC
    "pickup_latitude": "41.899602111",
    "pickup_longitude": "-87.633308037",
    "dropoff_latitude": "41.880994471",
    "dropoff_longitude": "-87.632746489",
    "trip_miles": "1.6",
    "pickup_census_tract": "",
    "dropoff_census_tract": "17031839100.0",
    "payment_type": "Credit Card",
    "company": "Flash Cab",
    "trip_seconds": "780.0",
    "dropoff_community_area": "32.0",
    "tips": "2.0",
}


def row(**changes: str) -> dict[str, str]:
    """Return a good row with some cells changed."""
    return {**ROW, **changes}


def write_csv(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    """Write a file with Chicago's header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ROW, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
