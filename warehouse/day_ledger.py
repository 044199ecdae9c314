"""The ledger by day: what each window brought of each day, and what the warehouse held when it was closed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    update,
)

from contracts.sql import load_sql

_metadata = MetaData(schema="control")
_arrival = Table(
    "load_arrival_day",
    _metadata,
    Column("load_id", Text, primary_key=True),
    Column("arrived_on", Date, primary_key=True),
    Column("accepted", BigInteger),
    Column("rejected", BigInteger),
)
_service = Table(
    "load_service_day",
    _metadata,
    Column("load_id", Text, primary_key=True),
    Column("service_date", Date, primary_key=True),
    Column("accepted", BigInteger),
    Column("duplicates", BigInteger),
    Column("events", BigInteger),
    Column("fare_minor_units", BigInteger),
    Column("trips", BigInteger),
    Column("revenue_minor_units", BigInteger),
)


class ArrivalDay(NamedTuple):
    """Events of closed windows that arrived on one UTC day."""

    arrived_on: date
    accepted: int
    rejected: int


class ServiceDay(NamedTuple):
    """Events of all windows of one service date; what silver held of it when the newest of them was closed.

    Figures of the close are None when that window was closed before they were written down. Money in minor units.
    """

    service_date: date
    accepted: int
    duplicates: int
    events: int | None
    fare_minor_units: int | None
    trips: int | None
    revenue_minor_units: int | None


class ReplayedDay(NamedTuple):
    """What a replay moved of one window and day of arrival: by service date, with what silver holds of it now.

    `days` have `service_date`, `accepted`, `duplicates`, `events`, `fare_minor_units`, `trips`, `revenue_minor_units`.
    """

    load_id: str
    arrived_on: str
    days: Sequence[Mapping[str, Any]]


class Position(NamedTuple):
    """How far the windows of a target are; it changes whenever one of them does.

    `open_since` is when the window was planned that is not closed yet, None when all are; `apart` are the windows whose
    last reconciliation found a difference.
    """

    newest: int | None
    changed_at: datetime | None
    open_since: datetime | None
    apart: list[str]


class DayLedger:
    """The days of one target's windows, on the ledger's connection; each method is one short transaction."""

    def __init__(self, connection: Connection, target: str) -> None:
        self._connection = connection
        self._target = target

    def record_counts(self, load_id: str, days: Iterable[Mapping[str, Any]]) -> None:
        """Write down `service_date`, `accepted` and `duplicates` of a window, over what an earlier attempt counted."""
        self._replace(_service, load_id, days)

    def record_close(
        self, load_id: str, arrived: Iterable[Mapping[str, Any]], held: Sequence[Mapping[str, Any]]
    ) -> None:
        """Write down the window's days of arrival, and what silver holds of each of its service dates."""
        self._replace(_arrival, load_id, arrived)
        names = ("events", "fare_minor_units", "trips", "revenue_minor_units")
        statement = (
            update(_service)
            .where(_service.c.load_id == load_id, _service.c.service_date == bindparam("day"))
            .values({name: bindparam(f"held_{name}") for name in names})
        )
        values = [{"day": day["service_date"], **{f"held_{name}": day[name] for name in names}} for day in held]
        if values:
            with self._connection.begin():
                self._connection.execute(statement, values)

    def add_replayed(self, replayed: ReplayedDay) -> None:
        """Add what a replay moved of a window. Within the caller's transaction, so that it counts once."""
        window = {"load_id": replayed.load_id, "target": self._target}
        moved = sum(day["accepted"] for day in replayed.days)
        arrival = {**window, "arrived_on": replayed.arrived_on, "accepted": moved}
        self._connection.exec_driver_sql(load_sql("postgres/queries/ledger_add_arrival"), arrival)
        for day in replayed.days:
            self._connection.exec_driver_sql(load_sql("postgres/queries/ledger_add_service"), {**window, **day})
            self._connection.exec_driver_sql(load_sql("postgres/queries/ledger_hold_service"), {**window, **day})

    def dates_of(self, load_id: str) -> list[date]:
        """Return the service dates of a window, in order."""
        return [row.service_date for row in self._query("ledger_dates_of_load", load_id=load_id)]

    def recent_dates(self, since: datetime | None) -> list[date]:
        """Return the service dates that closed windows touched since a moment, or ever; at least the newest's."""
        return [row.service_date for row in self._query("ledger_recent_dates", since=since)]

    def arrivals(self, since: date | None = None) -> list[ArrivalDay]:
        """Return the days of arrival of closed windows, from one day on, in order."""
        return [ArrivalDay(*row) for row in self._query("ledger_arrival_days", since=since)]

    def loads_of_dates(self, first: date, last: date) -> set[str]:
        """Return the windows with events of service dates from `first` to `last`, or of unknown ones."""
        return {row.load_id for row in self._query("ledger_loads_of_dates", first=first, last=last)}

    def services(self, days: Sequence[date]) -> list[ServiceDay]:
        """Return what closed windows brought of these service dates, in order."""
        return [ServiceDay(*row) for row in self._query("ledger_service_days", days=list(days))]

    def dates_of_arrival(self, days: Sequence[date]) -> list[date]:
        """Return the service dates of all windows that have events of these days of arrival, in order."""
        return [row.service_date for row in self._query("ledger_dates_of_arrival", days=list(days))]

    def position(self) -> Position:
        """Return how far the windows are."""
        (row,) = self._query("ledger_position")
        return Position(*row)

    def window(self, load_id: str) -> dict[str, Any]:
        """Return what is known of a window, by column of control.load."""
        (row,) = self._query("ledger_window", load_id=load_id)
        return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name

    def _query(self, name: str, **parameters: Any) -> Sequence[Any]:
        statement = load_sql(f"postgres/queries/{name}")
        with self._connection.begin():
            return self._connection.exec_driver_sql(statement, {"target": self._target, **parameters}).all()

    def _replace(self, table: Table, load_id: str, rows: Iterable[Mapping[str, Any]]) -> None:
        values = [{"load_id": load_id, **row} for row in rows]
        with self._connection.begin():
            self._connection.execute(delete(table).where(table.c.load_id == load_id))
            if values:
                self._connection.execute(insert(table), values)
