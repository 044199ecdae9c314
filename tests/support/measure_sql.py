"""What each measure must be, in SQL on gold: shares no code with the DAX and its engine."""

# ruff: noqa: S608 - the words of its SQL are its own

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isnan
from typing import Any

from powerbi.model import Column
from tests.support.gold_in_duckdb import GoldInDuckDb

Slice = Mapping[Column, Any]

_TRIP = """fact_trip t JOIN dim_date d ON d.date = t.service_date JOIN dim_hour h ON h.hour_key = t.hour_key
JOIN dim_zone p ON p.zone_key = t.pickup_zone_key JOIN dim_zone q ON q.zone_key = t.dropoff_zone_key
JOIN dim_provider v ON v.provider_key = t.provider_key JOIN dim_payment m ON m.payment_key = t.payment_key
JOIN dim_outcome o ON o.outcome_key = t.outcome_key"""
_FORECAST = """forecast_zone_hour f JOIN dim_date d ON d.date = f.service_date
JOIN dim_hour h ON h.hour_key = f.hour_key JOIN dim_zone p ON p.zone_key = f.zone_key"""
_REJECTED = "health_rejected r JOIN dim_date d ON d.date = r.day"
_DEAD = "health_dead_letter x JOIN dim_date d ON d.date = x.day"
_BOOKS, _FRESH = "health_reconciliation b", "health_freshness s"

_ALIAS = {
    "Date": "d", "Hour": "h", "Pickup Area": "p", "Dropoff Area": "q", "Provider": "v", "Payment": "m", "Outcome": "o",
    "Trip": "t", "Forecast": "f", "Rejected": "r", "Dead Letter": "x", "Reconciliation": "b", "Freshness": "s",
}  # fmt: skip

_DONE = "FILTER (WHERE o.outcome = 'completed')"
_PAID = "sum(base_fare + tolls + extras + tip) " + _DONE
_COUNT = "count(*) FILTER (WHERE {})"

_SUMS: dict[str, tuple[str, str]] = {
    "Trips": (_TRIP, "count(*)"),
    "Completed Trips": (_TRIP, f"count(*) {_DONE}"),
    "Cancelled Trips": (_TRIP, _COUNT.format("o.is_cancelled")),
    "Voided Trips": (_TRIP, _COUNT.format("o.outcome = 'voided'")),
    "Open Trips": (_TRIP, _COUNT.format("o.outcome = 'open'")),
    "Completion Rate": (_TRIP, f"count(*) {_DONE} / count(*)"),
    "Cancellation Rate": (_TRIP, "avg(o.is_cancelled::INT)"),
    "Trips a Day": (_TRIP, "count(*) / count(DISTINCT t.service_date)"),
    "Revenue": (_TRIP, _PAID),
    "Revenue per Trip": (_TRIP, f"{_PAID} / count(*) {_DONE}"),
    "Base Fare": (_TRIP, f"sum(base_fare) {_DONE}"),
    "Tolls": (_TRIP, f"sum(tolls) {_DONE}"),
    "Extras": (_TRIP, f"sum(extras) {_DONE}"),
    "Tips": (_TRIP, f"sum(tip) {_DONE}"),
    "Tip Rate": (_TRIP, f"sum(tip) {_DONE} / sum(base_fare) {_DONE}"),
    "Miles": (_TRIP, f"sum(distance_miles) {_DONE}"),
    "Revenue per Mile": (_TRIP, f"{_PAID} / nullif(sum(distance_miles) {_DONE}, 0)"),
    "Restated Trips": (_TRIP, _COUNT.format("is_restated")),
    "Restated Rate": (_TRIP, "avg(is_restated::INT)"),
    "Reached the Kerb": (_TRIP, "count(response_seconds)"),
    "Rides Started": (_TRIP, "count(wait_seconds)"),
    "Rides Ended": (_TRIP, "count(ride_seconds)"),
    "Response Minutes": (_TRIP, "avg(response_seconds) / 60"),
    "Wait Minutes": (_TRIP, "avg(wait_seconds) / 60"),
    "Ride Minutes": (_TRIP, "avg(ride_seconds) / 60"),
    "Late Trips": (_TRIP, _COUNT.format("is_late")),
    "Zero Distance Trips": (_TRIP, _COUNT.format("has_zero_distance")),
    "Zero Duration Trips": (_TRIP, _COUNT.format("has_zero_duration")),
    "Missing Duration Trips": (_TRIP, _COUNT.format("has_missing_duration")),
    "Non-positive Fare Trips": (_TRIP, _COUNT.format("has_nonpositive_fare")),
    "Missing Provider Trips": (_TRIP, _COUNT.format("has_missing_provider")),
    "Missing Dropoff Trips": (_TRIP, _COUNT.format("has_missing_dropoff_area")),
    "Newest Service Date": (_TRIP, "max(t.service_date)"),
    "Forecast Trips": (_FORECAST, "sum(forecast_trips)"),
    "Forecast Lower": (
        _FORECAST,
        "greatest(0, sum(forecast_trips) - sqrt(sum((upper_trips - forecast_trips) ** 2)))",
    ),
    "Forecast Upper": (_FORECAST, "sum(forecast_trips) + sqrt(sum((upper_trips - forecast_trips) ** 2))"),
    "Forecast Made At": (_FORECAST, "max(made_at)"),
    "Checks": (_BOOKS, "count(*)"),
    "Checks Apart": (_BOOKS, _COUNT.format("source_value <> target_value")),
    "Source Value": (_BOOKS, "sum(source_value)"),
    "Target Value": (_BOOKS, "sum(target_value)"),
    "Difference": (_BOOKS, "sum(source_value - target_value)"),
    "Books": (
        _BOOKS,
        "CASE WHEN count(*) = 0 THEN 'not checked' WHEN bool_and(source_value = target_value) THEN 'closed' "
        "ELSE 'open' END",
    ),
    "Books Checked At": (_BOOKS, "max(checked_at)"),
    "Age Minutes": (_FRESH, "max(age_seconds) / 60"),
    "Freshness Checked At": (_FRESH, "max(checked_at)"),
    "Rejected Events": (_REJECTED, "sum(events)"),
    "Dead Letters": (_DEAD, "sum(messages)"),
}
_STAGES = {1: "Trips", 2: "Reached the Kerb", 3: "Rides Started", 4: "Completed Trips"}
_STAGE_NAMES = {"Reserved": 1, "Vehicle at the kerb": 2, "Ride started": 3, "Completed": 4}


class MeasureSql:
    """Answers with SQL what a measure must be in a slice."""

    def __init__(self, gold: GoldInDuckDb) -> None:
        self._gold = gold
        self._newest: date = self._one("SELECT max(service_date) FROM fact_trip")

    def known(self) -> set[str]:
        """Return the measures that can be answered."""
        shifted = {f"{base} {rest}" for base in ("Trips", "Revenue") for rest in ("Previous Month", "Previous Year")}
        grown = {f"{base} {unit} Growth" for base in ("Trips", "Revenue") for unit in ("Month", "Year")}
        rolling = {"Trips 28 Days", "Revenue 28 Days", "Trips 28 Days Before", "Trips 28-Day Growth"}
        rest = {"Share of Trips", "Area Rank", "Provider Rank", "Days Before Newest", "Trips at Stage"}
        return _SUMS.keys() | shifted | grown | rolling | rest

    def value(self, measure: str, slice_: Slice) -> Any:
        """Return the value; None stands for blank."""
        if measure in _SUMS:
            base, aggregate = _SUMS[measure]
            return self._one(f"SELECT {aggregate} FROM {base} WHERE {_where(base, slice_)}")
        base_name = measure.partition(" ")[0]
        if measure.endswith(("Previous Month", "Previous Year")):
            return self._shifted(base_name, measure.rpartition(" ")[2], slice_)
        if measure.endswith(("Month Growth", "Year Growth")):
            before = self._shifted(base_name, measure.split(" ")[1], slice_)
            return _growth(self.value(base_name, slice_), before)
        if measure == "Trips 28-Day Growth":
            return _growth(self.value("Trips 28 Days", slice_), self.value("Trips 28 Days Before", slice_))
        if "28 Days" in measure:
            return self._rolling(base_name, 28 if measure.endswith("Before") else 0, slice_)
        return self._special(measure, slice_)

    def _special(self, measure: str, slice_: Slice) -> Any:
        if measure == "Share of Trips":
            everywhere = {column: value for column, value in slice_.items() if column.table != "Pickup Area"}
            whole = self.value("Trips", everywhere)
            return self.value("Trips", slice_) / whole if whole else None
        if measure == "Days Before Newest":
            return (self._newest - self._days(slice_)[1]).days
        if measure == "Trips at Stage":
            chosen = next((value for column, value in slice_.items() if column.table == "Stage"), None)
            rest = {column: value for column, value in slice_.items() if column.table != "Stage"}
            return self.value(_STAGES[_STAGE_NAMES[chosen]], rest) if chosen else None
        return self._rank(measure.partition(" ")[0], slice_)

    def _rank(self, what: str, slice_: Slice) -> int | None:
        """Return 1 + how many areas or companies have more trips, in the rest of the slice."""
        table, name = {"Area": ("Pickup Area", "p.zone_name"), "Provider": ("Provider", "v.provider_name")}[what]
        chosen = next((value for column, value in slice_.items() if (column.table, column.name) == (table, what)), None)
        if chosen is None:
            return None
        rest = {column: value for column, value in slice_.items() if (column.table, column.name) != (table, what)}
        trips = f"SELECT {name} AS name, count(*) AS trips FROM {_TRIP} WHERE {_where(_TRIP, rest)} GROUP BY 1"
        mine = self.value("Trips", slice_)
        return 1 + int(self._one(f"SELECT count(*) FROM ({trips}) WHERE trips > {mine}"))

    def _days(self, slice_: Slice) -> tuple[date, date]:
        """Return the first and the last day of the slice."""
        dates = {column: value for column, value in slice_.items() if column.table == "Date"}
        where = _where("dim_date d", dates)
        first, last = self._gold.query(f"SELECT min(d.date), max(d.date) FROM dim_date d WHERE {where}")[0]
        return first, last

    def _shifted(self, measure: str, unit: str, slice_: Slice) -> Any:
        first, last = self._days(slice_)
        one_period = first.year == last.year and (unit == "Year" or first.month == last.month)
        if not one_period or first > self._newest:
            return None
        end = min(last, self._newest)
        return self._between(measure, _back(first, unit), _back(end, unit, end_of_month=end == _month_end(end)), slice_)

    def _rolling(self, measure: str, shift: int, slice_: Slice) -> Any:
        first, last = self._days(slice_)
        if first > self._newest:
            return None
        end = min(last, self._newest) - timedelta(days=shift)
        return self._between(measure, end - timedelta(days=27), end, slice_)

    def _between(self, measure: str, first: date, last: date, slice_: Slice) -> Any:
        base, aggregate = _SUMS[measure]
        rest = {column: value for column, value in slice_.items() if column.table != "Date"}
        days = f"d.date BETWEEN DATE '{first}' AND DATE '{last}'"
        return self._one(f"SELECT {aggregate} FROM {base} WHERE {days} AND {_where(base, rest)}")

    def _one(self, text: str) -> Any:
        value = self._gold.query(text)[0][0]
        return None if isinstance(value, float) and isnan(value) else value


def equal(one: Any, other: Any) -> bool:
    """Compare a measure's value with SQL's: blank is 0, days are instants, money to 1/10,000 as fixed decimals are."""
    one, other = _plain(one), _plain(other)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-4 + 1e-9 * abs(other)
    return bool(one == other)


def _plain(value: Any) -> Any:
    if value is None:
        return 0.0
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.fromisoformat(value.isoformat())
    return value


def _where(base: str, slice_: Slice) -> str:
    conditions = [
        f"{_ALIAS[column.table]}.{column.source} {_literal(value)}"
        for column, value in slice_.items()
        if f" {_ALIAS.get(column.table, '?')} " in f"{base} "
    ]
    return " AND ".join(conditions) or "TRUE"


def _literal(value: Any) -> str:
    if value is None:
        return "IS NULL"
    if isinstance(value, datetime):
        return f"= TIMESTAMP '{value}'"
    if isinstance(value, str):
        quoted = value.replace("'", "''")
        return f"= '{quoted}'"
    return f"= {value}"


def _growth(now: Any, before: Any) -> float | None:
    return (float(now or 0) - float(before)) / float(before) if before else None


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _back(day: date, unit: str, *, end_of_month: bool = False) -> date:
    year, month = (day.year - 1, day.month) if unit == "Year" else (day.year, day.month - 1)
    year, month = (year - 1, 12) if month == 0 else (year, month)
    length = monthrange(year, month)[1]
    return date(year, month, length if end_of_month else min(day.day, length))
