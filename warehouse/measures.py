"""What the checks of data quality measure: one function a kind, in lake and warehouse, judged at once.

Facts are asked within the service dates that windows touched of late, so that a check costs what the windows cost
and not what the table does.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from psycopg import Connection

from contracts.broker import newest_arrival
from contracts.errors import UnreachableError
from contracts.settings import KafkaSettings, QualitySettings
from contracts.sql import load_sql
from warehouse import day_books, health_tables, quality, reconciliation
from warehouse.bigquery import BigQuery, Parameters
from warehouse.lake_rows import read_rows
from warehouse.ledger import Ledger
from warehouse.names import Target, render
from warehouse.quality import Finding, Kind, Status

Answer = TypeVar("Answer")


class Measured(NamedTuple):
    """What checks found, and rows for further health tables."""

    findings: list[Finding]
    tables: Mapping[str, health_tables.Rows] = {}


class Site(NamedTuple):
    """What the checks look at. `dates` are service dates, none before the first window; `since` is None for all days.

    Without `kafka` the broker is not asked.
    """

    ledger: Ledger
    lake: Connection[Any]
    bigquery: BigQuery
    target: Target
    settings: QualitySettings
    now: datetime
    since: datetime | None
    dates: list[date]
    kafka: KafkaSettings | None

    def rows(self, name: str, parameters: Parameters | None = None) -> list[dict[str, Any]]:
        """Return the rows of `sql/bigquery/checks/<name>.sql` within the service dates."""
        sql = render(load_sql(f"bigquery/checks/{name}"), self.target, dates=self.dates)
        return self.bigquery.query(sql, name, parameters)

    def counts(self, name: str, parameters: Parameters | None = None) -> dict[str, int]:
        """Return the one row of such a statement; nothing before the first window."""
        return {key: int(value) for key, value in self.rows(name, parameters)[0].items()} if self.dates else {}


def freshness(site: Site) -> Measured:
    """Ask how old the newest event of each store is, and how long one waits to be loaded."""
    limits = site.settings
    (lake,) = read_rows(site.lake, "lake_freshness", {"target": site.target.key})
    stored = site.rows("freshness")[0] if site.dates else {}
    open_since = site.ledger.days.position().open_since
    waiting = min(filter(None, [lake["waiting_since"], open_since]), default=site.now)
    newest = {"lake": lake["newest_at"], "silver": stored.get("silver"), "gold": stored.get("gold")}
    newest |= {"event time": stored.get("event_time")}
    if site.kafka is not None:
        newest["kafka"] = _ask(newest_arrival, site.kafka)
    findings = [
        quality.judge_age("arrivals", newest["lake"], site.now, limits.arrival_minutes, "newest event of the lake"),
        quality.judge_age("loads", waiting, site.now, limits.load_minutes, "oldest event that is not loaded"),
        quality.judge_age("events", newest["event time"], site.now, limits.event_minutes, "newest event of gold"),
    ]
    rows = [
        {
            "store": store,
            "newest_at": at,
            "age_seconds": None if at is None else int((site.now - at).total_seconds()),
            "checked_at": site.now,
        }
        for store, at in newest.items()
    ]
    return Measured(findings, {"health_freshness": rows})


def volume(site: Site) -> Measured:
    """Compare the trips of the last whole hour with the same hour of past weeks."""
    settled = site.now - timedelta(minutes=site.settings.load_minutes)
    hour = settled.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    local = hour.astimezone(ZoneInfo(site.target.time_zone))
    weeks = [local.date() - timedelta(weeks=week) for week in range(site.settings.volume_weeks + 1)]
    found = site._replace(dates=weeks).rows("volume", {"hour": local.hour})
    trips = {row["service_date"]: int(row["trips"]) for row in found}
    history = [trips[week] for week in weeks[1:] if week in trips]
    finding = quality.judge_volume("trips of the last hour", trips.get(weeks[0], 0), history, site.settings)
    return Measured([finding._replace(detail=f"{local:%A %H:00}: {finding.detail}")])


def uniqueness(site: Site) -> Measured:
    """Count rows that share their key with another one."""
    return Measured(quality.judge_none(Kind.UNIQUENESS, site.counts("uniqueness"), "rows too many"))


def references(site: Site) -> Measured:
    """Count rows that point to nothing."""
    return Measured(quality.judge_none(Kind.REFERENCES, site.counts("references"), "rows that point to nothing"))


def consistency(site: Site) -> Measured:
    """Count rows that contradict themselves."""
    return Measured(quality.judge_none(Kind.CONSISTENCY, site.counts("consistency"), "rows that contradict themselves"))


def ranges(site: Site) -> Measured:
    """Count trips beyond what a city's trips are like."""
    limits = site.settings
    parameters: Parameters = {
        "maximum_metres": limits.maximum_kilometres * 1000,
        "maximum_seconds": limits.maximum_hours * 3600,
        "maximum_metres_per_second": limits.maximum_kilometres_per_hour / 3.6,
        "maximum_charge": limits.maximum_charge,
        "south": limits.south,
        "north": limits.north,
        "west": limits.west,
        "east": limits.east,
        "now": site.now,
    }
    counts = site.counts("ranges", parameters)
    return Measured(quality.judge_shares(counts, limits.outside_share) if counts else [])


def rules(site: Site) -> Measured:
    """Count trips that break a business rule."""
    counts = site.counts("rules")
    return Measured(quality.report_rules(counts) if counts else [])


def books(site: Site) -> Measured:
    """Compare the stores: Kafka and lake, windows, days of arrival, service dates."""
    since = site.since.date() if site.since else None
    days, now = site.ledger.days, {"checked_at": site.now}
    arrival = day_books.arrival_books(site.lake, site.bigquery, site.target, days, since)
    service = day_books.service_books(site.bigquery, site.target, days, site.dates)
    compared = day_books.compare(day_books.ARRIVAL, arrival, "day")
    compared += day_books.compare(day_books.SERVICE, service, "service_date")
    apart = days.position().apart
    findings = [
        quality.judge_none(Kind.BOOKS, {each.name: len(each.days)}, _named("days apart", each.days))[0]
        for each in compared
    ]
    findings += quality.judge_none(Kind.BOOKS, {"windows": len(apart)}, _named("windows apart", apart))
    rows: list[Mapping[str, Any]] = [
        {**each._asdict(), "check_name": each.name, "difference": each.apart, **now} for each in compared
    ]
    if site.kafka is not None:
        topic = _ask(lambda kafka: reconciliation.check_topic(site.lake, kafka), site.kafka)
        findings.append(_topic(topic))
        rows += health_tables.books(topic or [], site.now)
    return Measured(
        findings,
        {
            "health_reconciliation": rows,
            "health_arrival_day": _with_difference(day_books.ARRIVAL, arrival, now),
            "health_service_day": _with_difference(day_books.SERVICE, service, now),
            "health_dead_letter": read_rows(site.lake, "dead_letter_days"),
        },
    )


MEASURES: Mapping[Kind, Callable[[Site], Measured]] = {
    Kind.FRESHNESS: freshness,
    Kind.VOLUME: volume,
    Kind.UNIQUENESS: uniqueness,
    Kind.REFERENCES: references,
    Kind.CONSISTENCY: consistency,
    Kind.RANGES: ranges,
    Kind.RULES: rules,
    Kind.BOOKS: books,
}


def _topic(found: list[reconciliation.Check] | None) -> Finding:
    name = "topic"
    if found is None:
        return Finding(Kind.BOOKS, name, Status.SILENT, None, detail="Kafka did not answer")
    missing = abs(sum(each.difference for each in found))
    return quality.judge_none(Kind.BOOKS, {name: missing}, "produced less landed and dead-lettered")[0]


def _ask(question: Callable[[KafkaSettings], Answer], kafka: KafkaSettings) -> Answer | None:
    try:
        return question(kafka)
    except UnreachableError:
        return None


def _named(what: str, names: Sequence[object]) -> str:
    return ": ".join([what, ", ".join(map(str, names[:5]))]) if names else what


def _with_difference(
    pairs: Sequence[day_books.Pair], found: Sequence[day_books.Book], now: Mapping[str, Any]
) -> health_tables.Rows:
    return [{**book, "difference": day_books.difference(pairs, book), **now} for book in found]
