"""Real trips replayed as events in the order in which they happened, once or round after round."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import structs

from contracts.event import LATEST_MILLISECONDS, TripEvent
from producer.ids import stable_id
from producer.intake import Intake
from producer.lifecycle import events_of
from producer.ordering import in_order_of_time
from producer.sorting import in_order_of_start
from producer.trips import EPOCH, Trip, from_local, to_milliseconds

WEEK_MILLISECONDS = 7 * 86_400_000


def replay(intake: Intake, *, limit: int | None = None, endless: bool = False) -> Iterator[tuple[int, TripEvent]]:
    """Yield the events by time, each with it. All trips are read before the first event comes.

    `limit` is the number of trips in all, in the order of the files. An endless replay begins again with new ids,
    whole weeks later. Raises BadInputError as the intake does.
    """
    trips = _rounds(intake, limit) if endless else in_order_of_start(intake.trips(limit))
    return in_order_of_time((trip.start, [(event.timestamp, event) for event in events_of(trip)]) for trip in trips)


class _Span(NamedTuple):
    """The first start and the last end of all trips, in milliseconds since the epoch."""

    earliest: int = LATEST_MILLISECONDS
    latest: int = 0

    def including(self, trip: Trip) -> "_Span":
        end = trip.start + (trip.duration or 0) * 1000
        return _Span(min(self.earliest, trip.start), max(self.latest, end))

    def weeks_later(self, number: int) -> int:
        """Return by how many weeks round `number` comes later than the first; no two overlap."""
        weeks = (self.latest - self.earliest) // WEEK_MILLISECONDS + 1
        # Before the contract's last day, time starts again; ids do not.
        rounds_that_fit = max((LATEST_MILLISECONDS - self.latest) // (weeks * WEEK_MILLISECONDS), 1)
        return weeks * (number % rounds_that_fit)


def _rounds(intake: Intake, limit: int | None) -> Iterator[Trip]:
    zone, span, number = intake.mapping.zone, _Span(), 0
    while limit is None or limit > 0:
        count = 0
        for trip in in_order_of_start(intake.trips(limit)):
            count += 1
            if number == 0:
                span = span.including(trip)
                yield trip
            else:
                yield _later(trip, zone, number, span.weeks_later(number))
        if count == 0:
            return
        limit = None if limit is None else limit - count
        number += 1


def _later(trip: Trip, zone: ZoneInfo, number: int, weeks: int) -> Trip:
    """Return the trip of a later round: the same local time of day and day of the week, and another key."""
    wall_clock = (EPOCH + timedelta(milliseconds=trip.start)).astimezone(zone).replace(tzinfo=None)
    wall_clock += timedelta(weeks=weeks)
    key = f"{trip.key}/round {number}"
    return structs.replace(
        trip,
        key=key,
        trip_id=stable_id("trip", key),
        start=to_milliseconds(from_local(wall_clock, zone)),
        service_date=wall_clock.date().isoformat(),
    )
