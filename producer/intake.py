"""Trips out of files: each row mapped and held against the contract, a bad one named by file, line and column."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.check import Violation, check
from contracts.errors import BadInputError
from contracts.event import EventType
from producer.lifecycle import event_of
from producer.mapping import Mapping, PlaceColumns
from producer.messages import encoder
from producer.reading import Row, read_rows
from producer.trips import CellError, Trip, to_trip

TOLD_EVERY_ROWS = 100_000


@dataclass
class Intake:
    """Files of one mapping. `tell` hears now and then how many rows were read."""

    files: Sequence[Path]
    mapping: Mapping
    skip_bad_rows: bool = False
    tell: Callable[[str], object] = lambda _line: None
    skipped_rows: int = field(default=0, init=False)
    """Bad rows left out; one that is read again in a later reading counts once."""
    trips_read: int | None = field(default=None, init=False)
    """Trips of the last reading, once it is over."""

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

    def trips(self, limit: int | None = None) -> Iterator[Trip]:
        """Yield the trips in the order of the files, `limit` of them at the most.

        Raises BadInputError (file, line, column) at the first bad row, unless `skip_bad_rows`.
        """
        self.trips_read, count, skipped = None, 0, 0
        for file, row in self._rows():
            if limit is not None and count >= limit:
                break
            key = f"{self.mapping.source}/{file.name}/{row.number}"
            try:
                trip = to_trip(row.cells, self.mapping, self.mapping.zone, key=key)
                _verify(trip, self.mapping)
            except CellError as error:
                if not self.skip_bad_rows:
                    raise _named(error, file, row) from error
                skipped += 1
                self.skipped_rows = max(self.skipped_rows, skipped)
                continue
            count += 1
            yield trip
        self.trips_read = count

    def _rows(self) -> Iterator[tuple[Path, Row]]:
        columns = self.mapping.columns()
        for file in self.files:
            for row in read_rows(file, columns):
                if row.number % TOLD_EVERY_ROWS == 0:
                    self.tell(f"{file.name}: {row.number:,} rows read")
                yield file, row


def _named(error: CellError, file: Path, row: Row) -> BadInputError:
    return BadInputError(
        error.problem,
        where=f"{file}, line {row.line}, column {error.column}",
        remedy="Mend the row or the mapping, or leave such rows out with --skip-bad-rows.",
    )


def _verify(trip: Trip, mapping: Mapping) -> None:
    """Hold the trip against the contract: its first and last event have every field that a row can fill."""
    for kind, place in ((EventType.RESERVATION_START, mapping.pickup), (EventType.TRIP_END, mapping.dropoff)):
        found = check(encoder.encode(event_of(trip, kind)))
        if isinstance(found, Violation):
            column = _column_of(found.field, mapping, place)
            raise CellError(column, f"breaks the contract at {found.field} ({found.reason})")


def _column_of(contract_field: str, mapping: Mapping, place: PlaceColumns) -> str:
    columns = {
        "$.distance": mapping.distance.column,
        "$.duration": (mapping.duration or mapping.end or mapping.start).column,
        "$.location.lat": place.latitude,
        "$.location.lng": place.longitude,
        "$.pickup_area": mapping.pickup.area,
        "$.dropoff_area": mapping.dropoff.area,
        "$.provider_name": mapping.provider.column if mapping.provider else None,
        "$.vehicle_id": mapping.vehicle.column if mapping.vehicle else None,
        "$.fare": mapping.fare.base_fare[0],
    }
    found = (column for name, column in columns.items() if contract_field.startswith(name))
    return next(found, None) or mapping.start.column
