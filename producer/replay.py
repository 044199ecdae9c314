"""Trips of files, replayed as events in the order in which they happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec

from contracts.check import Violation, check
from contracts.errors import BadInputError
from contracts.event import LATEST_MILLISECONDS, EventType, TripEvent
from producer.ids import stable_id
from producer.lifecycle import event_of, events_of
from producer.mapping import Mapping, PlaceColumns
from producer.messages import encoder
from producer.ordering import in_order_of_time
from producer.reading import Row, read_rows
from producer.sorting import in_order_of_start
from producer.trips import EPOCH, CellError, Trip, from_local, to_milliseconds, to_trip

DAY_MILLISECONDS = 86_400_000


@dataclass
class Replay:
    """A replay of files: what to read, and how many rows were skipped so far."""

    files: Sequence[Path]
    mapping: Mapping
    limit: int | None = None
    endless: bool = False
    skip_bad_rows: bool = False
    skipped_rows: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Refuse two files of one name: ids are derived from name and row."""
        names = [file.name for file in self.files]
        for file in self.files:
            if names.count(file.name) > 1 and self.mapping.trip is None:
                raise BadInputError(
                    "Two files have the same name, from which their trips' ids are derived",
                    where=str(file),
                    remedy="Rename one, or name a column of trip ids in the mapping.",
                )

    def events(self) -> Iterator[tuple[int, TripEvent]]:
        """Yield the events by time, each with it. Each file is read to its end before the first event of it comes.

        `limit` is the number of trips in all, in the order of the files. An endless replay begins again with new ids,
        whole weeks later. Raises BadInputError (file, line, column) at the first row that is wrong, unless
        `skip_bad_rows`.
        """
        return in_order_of_time(
            (trip.start, [(event.timestamp, event) for event in events_of(trip)]) for trip in self._trips()
        )

    def _trips(self) -> Iterator[Trip]:
        left, round_number, earliest, latest = self.limit, 0, LATEST_MILLISECONDS, 0
        while left is None or left > 0:
            count = 0
            for trip in in_order_of_start(self._read(left)):
                count += 1
                if round_number == 0:
                    earliest = min(earliest, trip.start)
                    latest = max(latest, trip.start + (trip.duration or 0) * 1000)
                yield trip if round_number == 0 else self._shifted(trip, round_number, earliest, latest)
            left = None if left is None else left - count
            round_number += 1
            if not self.endless or count == 0:
                return

    def _read(self, limit: int | None) -> Iterator[Trip]:
        zone = self.mapping.zone
        columns = self.mapping.columns()
        count = 0
        for file in self.files:
            for row in read_rows(file, columns):
                if limit is not None and count >= limit:
                    return
                try:
                    trip = to_trip(row.cells, self.mapping, zone, key=f"{self.mapping.source}/{file.name}/{row.number}")
                    _verify(trip, self.mapping)
                except CellError as error:
                    self._bad_row(file, row, error)
                    continue
                count += 1
                yield trip

    def _bad_row(self, file: Path, row: Row, error: CellError) -> None:
        if not self.skip_bad_rows:
            raise BadInputError(
                error.problem,
                where=f"{file}, line {row.line}, column {error.column}",
                remedy="Mend the row or the mapping, or leave such rows out with --skip-bad-rows.",
            ) from error
        self.skipped_rows += 1

    def _shifted(self, trip: Trip, round_number: int, earliest: int, latest: int) -> Trip:
        """Return the trip of a later round: the same local time of day and day of the week, and another key."""
        weeks = (latest - earliest) // (7 * DAY_MILLISECONDS) + 1
        # Before the contract's last day, time starts again; ids do not.
        rounds_that_fit = max((LATEST_MILLISECONDS - latest) // (weeks * 7 * DAY_MILLISECONDS), 1)
        zone = self.mapping.zone
        wall_clock = (EPOCH + timedelta(milliseconds=trip.start)).astimezone(zone).replace(tzinfo=None)
        wall_clock += timedelta(weeks=weeks * (round_number % rounds_that_fit))
        key = f"{trip.key}/round {round_number}"
        return msgspec.structs.replace(
            trip,
            key=key,
            trip_id=stable_id("trip", key),
            start=to_milliseconds(from_local(wall_clock, zone)),
            service_date=wall_clock.date().isoformat(),
        )


def _verify(trip: Trip, mapping: Mapping) -> None:
    """Hold the trip against the contract: its first and last event have every field that a row can fill."""
    for kind, place in ((EventType.RESERVATION_START, mapping.pickup), (EventType.TRIP_END, mapping.dropoff)):
        found = check(encoder.encode(event_of(trip, kind)))
        if isinstance(found, Violation):
            column = _column_of(found.field, mapping, place)
            raise CellError(column, f"breaks the contract at {found.field} ({found.reason})")


def _column_of(contract_field: str, mapping: Mapping, place: PlaceColumns) -> str:
    provider, vehicle = mapping.provider, mapping.vehicle
    columns = {
        "$.distance": mapping.distance.column,
        "$.duration": (mapping.duration or mapping.end or mapping.start).column,
        "$.location.lat": place.latitude,
        "$.location.lng": place.longitude,
        "$.pickup_area": mapping.pickup.area,
        "$.dropoff_area": mapping.dropoff.area,
        "$.provider_name": provider.column if provider else None,
        "$.vehicle_id": vehicle.column if vehicle else None,
        "$.fare": mapping.fare.base_fare[0],
    }
    found = (column for name, column in columns.items() if contract_field.startswith(name))
    return next(found, None) or mapping.start.column
