"""What a simulation emitted and what must come of it, as JSON Lines, so that figures downstream can be checked.

`message` records come as messages are emitted; `trip` records and one `totals` record at the end. Keeps the newest
valid events of every trip in memory (some 2 KB a trip).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from contracts.errors import BadInputError
from contracts.event import EventType, Fare, TripEvent
from contracts.reasons import DeadLetterReason
from producer.simulate.dirt import Dirt, Emission


class MessageRecord(msgspec.Struct, tag="message", tag_field="record"):
    """One emitted message. `value` is its bytes (base64 in JSON); `reason` is why it must be set aside, if so."""

    number: int
    key: str
    event_id: str | None
    expected: str
    reason: str | None
    dirt: tuple[Dirt, ...]
    value: bytes


class TripRecord(msgspec.Struct, tag="trip", tag_field="record"):
    """What the newest valid events of a trip say. Times are milliseconds since the epoch."""

    trip_id: str
    service_date: str
    outcome: str
    """`completed`, a cancellation's event type, or `under_way`."""
    voided: bool
    events: int
    """Distinct valid event ids."""
    pickup_area: int | None
    dropoff_area: int | None
    reserved_at: int | None
    started_at: int | None
    stopped_at: int | None
    ended_at: int | None
    distance: int | None
    duration: int | None
    fare: Fare | None
    revenue_minor_units: int
    """The fare's total when completed and not voided, else 0."""


class Totals(msgspec.Struct, tag="totals", tag_field="record"):
    """Sums over the other records."""

    messages: int
    valid_messages: int
    valid_events: int
    trips: int
    completed: int
    voided: int
    revenue_minor_units: int
    metres: int
    dirt: dict[str, int]
    rejected: dict[str, int]
    dead_letters: dict[str, int]


class GroundTruth:
    """Collects what was emitted, in the order of emission, which is the order within each partition."""

    def __init__(self) -> None:
        self._newest: dict[str, dict[str, tuple[int, int, TripEvent]]] = {}
        self._dirt: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._messages = 0

    def message(self, emission: Emission) -> MessageRecord:
        """Take one emitted message and return its record."""
        self._messages += 1
        self._dirt.update(emission.dirt)
        event = emission.event
        if event is None:
            self._reasons[str(emission.reason)] += 1
        else:
            versions = self._newest.setdefault(event.trip_id, {})
            version = (event.publication_time, self._messages, event)
            versions[event.event_id] = max(versions.get(event.event_id, version), version, key=_rank)
        return MessageRecord(
            number=self._messages,
            key=emission.key,
            event_id=event.event_id if event else None,
            expected=_expected(emission),
            reason=emission.reason,
            dirt=emission.dirt,
            value=emission.value,
        )

    def trips(self) -> Iterator[TripRecord]:
        """Return what must be known of each trip, from the newest version of each of its events."""
        for versions in self._newest.values():
            yield trip_record([event for _, _, event in sorted(versions.values(), key=_rank)])

    def totals(self) -> Totals:
        """Return the sums."""
        trips = list(self.trips())
        dead = {str(reason) for reason in DeadLetterReason}
        counted = [trip for trip in trips if trip.outcome == "completed" and not trip.voided]
        return Totals(
            messages=self._messages,
            valid_messages=self._messages - self._reasons.total(),
            valid_events=sum(trip.events for trip in trips),
            trips=len(trips),
            completed=sum(trip.outcome == "completed" for trip in trips),
            voided=sum(trip.voided for trip in trips),
            revenue_minor_units=sum(trip.revenue_minor_units for trip in counted),
            metres=sum(trip.distance or 0 for trip in counted),
            dirt=dict(sorted(self._dirt.items())),
            rejected={name: count for name, count in sorted(self._reasons.items()) if name not in dead},
            dead_letters={name: count for name, count in sorted(self._reasons.items()) if name in dead},
        )


def trip_record(events: list[TripEvent]) -> TripRecord:
    """Return what a trip's events say, given oldest publication first: the newest that knows a fact is right."""
    times: dict[EventType, int] = {}
    for event in events:
        times |= dict.fromkeys(event.event_types, event.timestamp)
    cancelled = next((str(kind) for kind in times if kind.value.endswith("_cancellation")), None)
    outcome = "completed" if EventType.TRIP_END in times else cancelled or "under_way"
    voided = EventType.TRIP_VOIDED in times
    fare: Fare | None = _newest(events, "fare")
    return TripRecord(
        trip_id=events[0].trip_id,
        service_date=events[0].service_date,
        outcome=outcome,
        voided=voided,
        events=len(events),
        pickup_area=_newest(events, "pickup_area"),
        dropoff_area=_newest(events, "dropoff_area"),
        reserved_at=times.get(EventType.RESERVATION_START),
        started_at=times.get(EventType.TRIP_START),
        stopped_at=times.get(EventType.TRIP_STOP),
        ended_at=times.get(EventType.TRIP_END),
        distance=_newest(events, "distance"),
        duration=_newest(events, "duration"),
        fare=fare,
        revenue_minor_units=fare.total if fare and outcome == "completed" and not voided else 0,
    )


@contextmanager
def recording(path: Path | None) -> Iterator[Callable[[Emission], None]]:
    """Give a function that writes each emission down; at the end, also after an error, write trips and totals.

    Without a path nothing is recorded. Raises BadInputError when the file cannot be written.
    """
    if path is None:
        yield lambda _emission: None
        return
    truth, encoder = GroundTruth(), msgspec.json.Encoder()
    try:
        file = path.open("wb")
    except OSError as error:
        raise BadInputError(f"The ground truth cannot be written: {error.strerror}", where=str(path)) from error
    with file:
        try:
            yield lambda emission: file.writelines((encoder.encode(truth.message(emission)), b"\n"))
        finally:
            file.write(encoder.encode_lines(list(truth.trips())))
            file.write(encoder.encode(truth.totals()) + b"\n")


def _newest(events: list[TripEvent], fact: str) -> Any:
    return next((value for event in reversed(events) if (value := getattr(event, fact)) is not None), None)


def _rank(version: tuple[int, int, TripEvent]) -> tuple[int, int]:
    return version[:2]


def _expected(emission: Emission) -> str:
    if emission.reason is None:
        return "valid"
    return "dead_letter" if isinstance(emission.reason, DeadLetterReason) else "rejected"
