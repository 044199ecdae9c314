"""What gold shows to others: trips as the NYC TLC writes them, and what may be published."""

# ruff: noqa: S608 - the statements are the test's own

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.warehouse_site import Site, event, identifier, milliseconds, trip

FIRST_OF_MAY = "2016-05-01"


def local(text: str) -> datetime:
    """Return a time of the city's clocks, as the TLC has it: without a zone."""
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def shown(shared_site: Site) -> Site:
    """Four trips as the TLC may meet them; and on the first of May ten trips in one area, nine completed ones of ten in
    another, nine in a third."""
    noon = milliseconds("2016-07-01T17:00:00")
    summer: dict[str, Any] = {"service_date": "2016-07-01", "pickup_area": 78}
    card = {"currency": "USD", "payment_type": "credit_card", "base_fare": 1000, "tolls": 0, "extras": 0, "tip": 250}
    end = event(2, "trip_end", noon + 601_000, dropoff_area=32, distance=16093, duration=600, **summer)
    end["publication_time"] = noon + 30 * 60_000
    events = [
        *trip(1),
        event(2, "trip_start", noon, **summer),
        event(2, "trip_stop", noon + 600_999, dropoff_area=32, **summer),
        {**end, "fare": {**card, "total": 1250}},
        *trip(3),
        event(3, "trip_voided", noon),
        event(4, "reservation_start", noon, **summer),
        event(4, "driver_cancellation", noon, **summer),
    ]
    for area, trips in ((5, 10), (6, 10), (7, 9)):
        for number in range(area * 100, area * 100 + trips):
            events += trip(number, FIRST_OF_MAY, pickup_area=area)
    voided = milliseconds("2016-05-02T00:00:00")
    events.append(event(600, "trip_voided", voided, service_date=FIRST_OF_MAY, pickup_area=6))
    shared_site.land(events)
    shared_site.load_all()
    shared_site.verify()
    return shared_site


def test_the_yellow_taxi_view_has_the_columns_and_units_of_the_tlc(shown: Site) -> None:
    shared = {
        "VendorID": None,
        "passenger_count": None,
        "RatecodeID": 99,
        "mta_tax": 0,
        "improvement_surcharge": 0,
        "congestion_surcharge": 0,
        "airport_fee": 0,
        "cbd_congestion_fee": 0,
    }
    cash = {
        **shared,
        "trip_distance": Decimal("2.00"),
        "store_and_fwd_flag": "N",
        "fare_amount": Decimal("11.25"),
        "extra": Decimal("0.50"),
        "tip_amount": 0,
        "tolls_amount": Decimal("1.00"),
        "total_amount": Decimal("12.75"),
    }
    of_trips = "WHERE EXTRACT(MONTH FROM tpep_pickup_datetime) != 5 ORDER BY tpep_pickup_datetime"
    rows = shown.query(f"SELECT * FROM `{{gold}}.tlc_yellow` {of_trips}")
    assert rows == [
        {
            **cash,
            "tpep_pickup_datetime": local("2016-03-05T12:06:01"),
            "tpep_dropoff_datetime": local("2016-03-05T12:20:01"),
            "PULocationID": 2,
            "DOLocationID": 8,
            "payment_type": 2,
        },
        {
            **cash,
            "tpep_pickup_datetime": local("2016-03-05T12:06:03"),
            "tpep_dropoff_datetime": local("2016-03-05T12:20:03"),
            "PULocationID": 4,
            "DOLocationID": 22,
            "payment_type": 6,
        },
        {
            **shared,
            "tpep_pickup_datetime": local("2016-07-01T12:00:00"),
            "tpep_dropoff_datetime": local("2016-07-01T12:10:00"),
            "trip_distance": Decimal("10.00"),
            "store_and_fwd_flag": "Y",
            "PULocationID": 264,
            "DOLocationID": 32,
            "payment_type": 1,
            "fare_amount": Decimal("10.00"),
            "extra": 0,
            "tip_amount": Decimal("2.50"),
            "tolls_amount": 0,
            "total_amount": Decimal("12.50"),
        },
    ]
    parts = ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge")
    fees = ("congestion_surcharge", "airport_fee", "cbd_congestion_fee")
    assert all(row["total_amount"] == sum(row[name] for name in (*parts, *fees)) for row in rows)
    assert list(rows[0]) == [
        *("VendorID", "tpep_pickup_datetime", "tpep_dropoff_datetime", "passenger_count", "trip_distance"),
        *("RatecodeID", "store_and_fwd_flag", "PULocationID", "DOLocationID", "payment_type", "fare_amount", "extra"),
        *("mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge", "total_amount", "congestion_surcharge"),
        *("airport_fee", "cbd_congestion_fee"),
    ]


def test_the_high_volume_view_has_the_columns_and_units_of_the_tlc(shown: Site) -> None:
    """Of the two that were reserved in March, one was voided."""
    (row,) = shown.query("SELECT * FROM `{gold}.tlc_hvfhv` WHERE request_datetime < DATETIME '2016-04-01'")
    expected = {
        "hvfhs_license_num": identifier("provider", 1),
        "dispatching_base_num": None,
        "originating_base_num": None,
        "request_datetime": local("2016-03-05T12:00:01"),
        "on_scene_datetime": local("2016-03-05T12:04:01"),
        "pickup_datetime": local("2016-03-05T12:06:01"),
        "dropoff_datetime": local("2016-03-05T12:20:01"),
        "PULocationID": 2,
        "DOLocationID": 8,
        "trip_miles": Decimal("2.00"),
        "trip_time": 840,
        "base_passenger_fare": Decimal("11.25"),
        "tolls": Decimal("1.00"),
        "bcf": 0,
        "sales_tax": Decimal("0.50"),
        "congestion_surcharge": 0,
        "airport_fee": 0,
        "tips": Decimal("1.50"),
        "driver_pay": None,
        "shared_request_flag": None,
        "shared_match_flag": None,
        "access_a_ride_flag": "N",
        "wav_request_flag": None,
        "wav_match_flag": None,
        "cbd_congestion_fee": 0,
    }
    assert row == expected
    assert list(row) == list(expected)


def test_what_is_published_names_no_group_of_fewer_than_ten(shown: Site) -> None:
    on_the_day = f"WHERE service_date = DATE '{FIRST_OF_MAY}'"
    rows = shown.query(f"SELECT * FROM `{{gold}}.public_zone_hour` {on_the_day}")
    assert len(rows) == 25 * 78, "a row for everybody says nothing about anybody"
    published = {row["zone_key"]: (row["trips"], row["revenue"]) for row in rows if row["trips"] is not None}
    assert published == {5: (10, Decimal("142.50")), 6: (10, None)}
    assert {row["revenue"] for row in rows if row["trips"] is None} == {None}
    inside = {
        row["zone_key"]: row["trips"] for row in shown.query(f"SELECT * FROM `{{gold}}.agg_zone_hour` {on_the_day}")
    }
    assert inside == {5: 10, 6: 10, 7: 9}
