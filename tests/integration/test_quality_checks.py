"""A good warehouse is green, dirt of the business included; what is planted turns its own checks red, and no others."""

# ruff: noqa: S608 - the statements are the test's own

import json
from datetime import UTC, datetime, timedelta

from contracts.errors import ExitCode
from contracts.lake import connect
from tests.support.commands import run
from tests.support.warehouse_site import ARRIVED, Site, dirty_city, event, identifier, trip
from warehouse import checks
from warehouse.quality import Finding, Kind, Status, reds

NOW = ARRIVED + timedelta(minutes=5)
TRIP = f"trip_id = '{identifier('trip', 1)}'"
START = f"event_id = '{identifier('event', 1, 'trip_start')}'"
TABLES = ("silver.trip_event", "silver.trip", "gold.fact_trip", "gold.fact_trip_event", "gold.agg_zone_hour")
DIMENSIONS = ("dim_date", "dim_hour", "dim_zone", "dim_provider", "dim_vehicle", "dim_payment", "dim_outcome")


def doubled(table: str, condition: str) -> str:
    return f"INSERT INTO `{table}` SELECT * FROM `{table}` WHERE {condition}"


# What is planted at once, and what each check that turns red then observes.
DEFECTS: dict[str, tuple[list[str], dict[str, int]]] = {
    "rows doubled": (
        [
            doubled("{silver}.trip_event", START),
            doubled("{silver}.trip", TRIP),
            doubled("{gold}.fact_trip_event", START),
            doubled("{gold}.fact_trip", TRIP),
            doubled("{gold}.agg_zone_hour", "zone_key = 2"),
            doubled("{gold}.dim_date", "date_key = 20160305"),
            doubled("{gold}.dim_hour", "hour_key IN (1, 2)"),
            doubled("{gold}.dim_zone", "zone_key IN (70, 71, 72)"),
            doubled("{gold}.dim_provider", "provider_key = 0"),
            doubled("{gold}.dim_vehicle", "vehicle_key = 0"),
            doubled("{gold}.dim_payment", "payment_key IN (5, 6)"),
            doubled("{gold}.dim_outcome", "outcome_key IN (3, 4, 5)"),
        ],
        {
            **{f"uniqueness: {table.partition('.')[2]}": 1 for table in TABLES},
            **{f"uniqueness: {name}": 1 for name in DIMENSIONS},
            "uniqueness: dim_hour": 2,
            "uniqueness: dim_zone": 3,
            "uniqueness: dim_payment": 2,
            "uniqueness: dim_outcome": 3,
            "books: events by service date": 1,
            "books: trips since the close": 1,
            "books: revenue since the close": 1,
        },
    ),
    "keys of nothing": (
        [
            "UPDATE `{gold}.fact_trip` SET date_key = 19000101, hour_key = 99, pickup_zone_key = 99, "
            "dropoff_zone_key = 99, provider_key = 99, vehicle_key = 99, payment_key = 99, outcome_key = 99 "
            f"WHERE {TRIP}",
            "UPDATE `{gold}.fact_trip_event` SET date_key = 19000101, hour_key = 99, zone_key = 99, provider_key = 99, "
            f"vehicle_key = 99 WHERE {TRIP}",
            "UPDATE `{gold}.agg_zone_hour` SET date_key = 19000101, hour_key = 99, zone_key = 99 WHERE zone_key = 2",
            "UPDATE `{gold}.dim_vehicle` SET provider_key = 99 WHERE vehicle_key = 0",
        ],
        {
            **{
                f"references: fact_trip_{name}": 1
                for name in (
                    *("date", "hour", "pickup_zone", "dropoff_zone", "provider", "vehicle", "payment", "outcome"),
                )
            },
            **{f"references: fact_trip_event_{name}": 5 for name in ("date", "hour", "zone", "provider", "vehicle")},
            **{f"references: agg_zone_hour_{name}": 1 for name in ("date", "hour", "zone")},
            "references: dim_vehicle_provider": 1,
            "consistency: date_of_fact": 1,
        },
    ),
    "an event and a fact without their trip": (
        [f"DELETE FROM `{{silver}}.trip` WHERE {TRIP}"],
        {
            "references: event_without_trip": 1,
            "references: fact_without_trip": 1,
            "books: trips by service date": 1,
            "books: revenue by service date": 1,
            "books: trips since the close": 1,
            "books: revenue since the close": 1,
        },
    ),
    "a trip without its events and its fact": (
        [f"DELETE FROM `{{silver}}.trip_event` WHERE {TRIP}", f"DELETE FROM `{{gold}}.fact_trip` WHERE {TRIP}"],
        {
            "references: trip_without_event": 1,
            "references: trip_without_fact": 1,
            "books: events by service date": 1,
            "books: events in gold by service date": 1,
            "books: fares since the close": 1,
            "books: trips by service date": 1,
            "books: revenue by service date": 1,
            "books: trips by hour and service date": 1,
            "books: revenue by hour and service date": 1,
        },
    ),
    "contradictions": (
        [
            f"UPDATE `{{silver}}.trip_event` SET event_types = [] WHERE {START}",
            "UPDATE `{silver}.trip_event` SET tip = tip + 1 WHERE 'trip_end' IN UNNEST(event_types)",
            f"UPDATE `{{silver}}.trip` SET tip = tip + 1, ended_at = NULL WHERE {TRIP}",
            f"UPDATE `{{gold}}.fact_trip` SET outcome = 'open', revenue = 0, tip = tip + 1 WHERE {TRIP}",
        ],
        {
            "consistency: event_without_type": 1,
            "consistency: total_of_event": 20,
            "consistency: total_of_trip": 1,
            "consistency: completed_without_end": 1,
            "consistency: total_of_fact": 1,
            "consistency: revenue_of_fact": 1,
            "consistency: revenue_in_minor_units": 1,
            "consistency: outcome_of_fact": 1,
        },
    ),
    "a unit, a clock and a place that are wrong": (
        [
            "UPDATE `{silver}.trip` SET distance_metres = distance_metres * 1000, "
            "duration_seconds = duration_seconds * 60, total = total * 100, "
            "base_fare = total * 100 - tolls - extras - tip, pickup_latitude = -87.6, "
            "reserved_at = TIMESTAMP '2030-01-01', ended_at = TIMESTAMP '2029-01-01' WHERE TRUE",
        ],
        {
            **{
                f"ranges: {name}": 20
                for name in ("distance", "duration", "speed", "charge", "place", "order_of_times", "future")
            },
            "books: revenue by service date": 2,
            "books: revenue since the close": 2,
        },
    ),
    "a day of gold not restated, and a rejected event dropped": (
        [
            "UPDATE `{gold}.agg_zone_hour` SET trips = trips + 1, revenue_minor_units = 0 WHERE zone_key = 2",
            f"DELETE FROM `{{gold}}.fact_trip_event` WHERE {START}",
            "DELETE FROM `{bronze}.rejected_event` WHERE TRUE",
        ],
        {
            "books: rejected by day of arrival": 1,
            "books: trips by hour and service date": 1,
            "books: revenue by hour and service date": 1,
            "books: events in gold by service date": 1,
        },
    ),
}


def check(site: Site, now: datetime = NOW) -> list[Finding]:
    """Check all days; the windows of the tests were closed today, whatever their events say."""
    return checks.check(clock=lambda: now, sleep=lambda _seconds: None)


def red(findings: list[Finding]) -> dict[str, float | None]:
    return {each.check_name: each.observed for each in reds(findings)}


def test_every_planted_defect_turns_its_checks_red(site: Site) -> None:
    """One warehouse for all of them; each group is mended before the next."""
    trips = [each for number in range(1, 21) for each in trip(number, f"2016-03-0{5 + number % 2}")]
    site.land([*trips, "{}"])
    site.load_all()
    tables = [*TABLES, *(f"gold.{name}" for name in DIMENSIONS), "bronze.rejected_event"]
    names = {table: "`{" + table.replace(".", "}.") + "`" for table in tables}
    for name in names.values():
        site.query(f"CREATE TABLE {name[:-1]}_whole` AS SELECT * FROM {name}")
    assert red(check(site)) == {}
    for defect, (statements, expected) in DEFECTS.items():
        for statement in statements:
            site.query(statement)
        assert red(check(site)) == expected, defect
        for name in {name for name in names.values() for statement in statements if name in statement}:
            site.query(f"DELETE FROM {name} WHERE TRUE")
            site.query(f"INSERT INTO {name} SELECT * FROM {name[:-1]}_whole`")

    with connect(site.lake, application="test") as connection:
        connection.execute("DELETE FROM raw.trip_event WHERE kafka_partition = 0 AND kafka_offset = 0")
        connection.execute("UPDATE control.reconciliation SET target_value = 0 WHERE name = 'trips'")
    assert red(check(site)) == {"books: events by day of arrival": 1, "books: windows": 1}
    shown = site.query("SELECT check_name FROM `{gold}.health_check` WHERE status = 'red'")
    assert {row["check_name"] for row in shown} == {"books: events by day of arrival", "books: windows"}


def test_a_city_with_all_its_dirt_is_green_and_gold_shows_its_health(site: Site, environment: dict[str, str]) -> None:
    site.land(dirty_city())
    windows = site.load_all()
    site.land(trip(50)[:1], skip_offsets=2)
    with connect(site.lake, application="test") as connection:
        for offset, reason in enumerate(("empty", "not_json")):
            connection.execute(
                "INSERT INTO raw.dead_letter (topic, kafka_partition, kafka_offset, arrived_at, reason, error) "
                "VALUES ('trips.events.v1', 0, %s, '2026-02-27', %s, '')",
                (10_000 + offset, reason),
            )
    windows += site.load_all()
    for _ in range(2):
        findings = check(site)
        assert red(findings) == {}
        assert {each.kind for each in findings} == set(Kind)
    books = site.books()
    found = {each.check_name: each for each in findings}
    flagged = sum(fact["has_nonpositive_fare"] for fact in books.facts.values())
    assert found["rules: nonpositive_fare"][2:4] == (Status.REPORTED, flagged)

    health = {
        name: site.query(f"SELECT * FROM `{{gold}}.health_{name}` ORDER BY 1")
        for name in ("reconciliation", "freshness", "rejected", "dead_letter", "window", "arrival_day", "service_day")
    }
    assert not [row for row in health["reconciliation"] if row["difference"]]
    assert "newest window: events" in {row["check_name"] for row in health["reconciliation"]}
    stores = {row["store"]: row["age_seconds"] for row in health["freshness"]}
    assert 0 < stores["silver"] == stores["gold"] == stores["lake"] < 3600 < stores["event time"]
    assert sum(row["events"] for row in health["rejected"]) == len(books.rejected)
    assert {row["reason"]: row["messages"] for row in health["dead_letter"]} == {"empty": 1, "not_json": 1}
    assert len(health["window"]) == windows
    assert sum(row["landed"] for row in health["window"]) == len(site.messages)
    assert all(row["staged_bytes"] > 0 and row["merge_seconds"] > 0 for row in health["window"])
    assert sum(row["landed"] for row in health["arrival_day"]) == len(site.messages)
    assert sum(row["events"] for row in health["service_day"]) == len(books.events)
    assert sum(row["duplicates"] for row in health["service_day"]) == books.duplicates
    assert sum(row["revenue_minor_units"] for row in health["service_day"]) == books.revenue_minor_units

    with connect(site.lake, application="test") as connection:
        connection.execute("DELETE FROM raw.dead_letter WHERE reason = 'empty'")
    check(site)
    assert site.query("SELECT SUM(messages) AS n FROM `{gold}.health_dead_letter`") == [{"n": 1}]


def test_what_is_late_and_what_waits_is_red(site: Site) -> None:
    assert check(site) == [], "there are no tables yet"
    site.load_all()
    assert red(check(site)) == {}, "an empty warehouse has nothing to be red"
    site.land(trip(1))
    site.load_all()
    site.land(trip(2))
    later = datetime.now(UTC) + timedelta(hours=2)
    assert red(check(site, later)).keys() == {"freshness: arrivals", "freshness: loads"}
    site.load_all()
    assert red(check(site, later)).keys() == {"freshness: arrivals"}


def test_an_hour_far_from_its_past_weeks_is_red(site: Site) -> None:
    """Thirty trips at noon on each of five Saturdays; and on the sixth fifty, or thirty-nine."""
    noon = datetime(2016, 3, 5, 18, 5, tzinfo=UTC)
    reserved = [
        event(
            week * 100 + number,
            "reservation_start",
            int((noon + timedelta(weeks=week - 5)).timestamp() * 1000),
            service_date=f"{noon + timedelta(weeks=week - 5):%Y-%m-%d}",
        )
        for week, trips in enumerate((30, 30, 30, 30, 30, 50))
        for number in range(trips)
    ]
    site.land(reserved)
    site.load_all()
    just_after = noon + timedelta(hours=1, minutes=15)

    def volume() -> Finding:
        (finding,) = checks.check([Kind.VOLUME], clock=lambda: just_after)
        return finding

    assert volume()[2:4] == (Status.RED, 50)
    site.query("UPDATE `{gold}.agg_zone_hour` SET trips = 0 WHERE service_date = DATE '2016-03-05' AND zone_key <= 36")
    assert volume().status is Status.GREEN


def test_the_command_shows_what_is_red_and_says_so_by_its_exit_code(site: Site, environment: dict[str, str]) -> None:
    site.land(trip(1))
    site.load_all()
    # The arrivals of this site are in March 2026, and no broker has its topic.
    quiet = {**environment, "TRIPLINE_QUALITY_ARRIVAL_MINUTES": "0", "TRIPLINE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
    quiet |= {"TRIPLINE_KAFKA_TIMEOUT_SECONDS": "1"}
    done = run(quiet, "warehouse", "check", "--kind", "books", "--kind", "uniqueness", "--json")
    findings = {each["check_name"]: each for each in json.loads(done.stdout)}
    assert findings["books: topic"]["status"] == "silent"
    site.query(doubled("{gold}.fact_trip", TRIP))
    failed = run(quiet, "warehouse", "check", expect=ExitCode.UNHEALTHY)
    assert "uniqueness: fact_trip" in failed.stdout
    assert "uniqueness: fact_trip; " in failed.stderr
    assert "Next:" not in failed.stderr
