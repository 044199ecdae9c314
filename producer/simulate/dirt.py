"""Named dirt, each kind with its rate: what real feeds do to trip events, done on purpose and written down."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from random import Random
from typing import NamedTuple

from msgspec import structs

from contracts.errors import BadInputError
from contracts.event import EventType, Fare, TripEvent, VehicleState
from contracts.reasons import DeadLetterReason, RejectionReason
from producer.ids import stable_id
from producer.messages import Message, encoder
from producer.simulate.breakage import break_event

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


class Dirt(StrEnum):
    """What can be wrong with a message."""

    LATE = "late"
    """Published minutes to hours after it happened (a device without reception)."""
    OUT_OF_ORDER = "out_of_order"
    """Published after the trip's next event."""
    CLOCK_SKEWED = "clock_skewed"
    """`timestamp` from a wrong clock, up to 45 minutes off."""
    DUPLICATED = "duplicated"
    """The same bytes once more."""
    CONFLICTING = "conflicting"
    """The same event id with another fare: published later, earlier, or at the same time."""
    CORRECTED = "corrected"
    """A `fare_adjusted` event hours or days after the trip."""
    VOIDED = "voided"
    """A `trip_voided` event hours or days after the trip."""
    MALFORMED = "malformed"
    """A broken copy, which no reader can take, beside the good event."""


@dataclass(frozen=True)
class DirtRates:
    """Shares between 0 and 1: of events, or (conflicting, corrected, voided) of completed trips."""

    late: float = 0.01
    out_of_order: float = 0.01
    clock_skewed: float = 0.002
    duplicated: float = 0.01
    conflicting: float = 0.003
    corrected: float = 0.01
    voided: float = 0.005
    malformed: float = 0.0005


CLEAN = DirtRates(**dict.fromkeys((each.name for each in fields(DirtRates)), 0.0))


class Emission(NamedTuple):
    """One message to come at `due` (milliseconds since the epoch), and the truth about it."""

    due: int
    key: str
    value: bytes
    dirt: tuple[Dirt, ...]
    event: TripEvent | None
    """The valid event in `value`; None for a malformed message."""
    reason: RejectionReason | DeadLetterReason | None = None

    def message(self) -> Message:
        """Return it as a Kafka message."""
        kinds = self.event.event_types if self.event else []
        return Message(self.key, self.value, EventType.RESERVATION_START in kinds and Dirt.DUPLICATED not in self.dirt)


def parse_rates(options: list[str]) -> DirtRates:
    """Return the rates of options such as `late=0.05`, or `none` for no dirt but what is named.

    Raises BadInputError that names the option.
    """
    rates: dict[str, float] = {}
    known = [each.name for each in fields(DirtRates)]
    for option in options:
        name, _, share = option.partition("=")
        if name not in known and option != "none":
            raise BadInputError("No such dirt", where=f"--dirt {option}", remedy=f"Known: none, {', '.join(known)}.")
        if option != "none":
            rates[name] = _share(option, share)
    return DirtRates(**{**({} if "none" not in options else vars(CLEAN)), **rates})


def soil(trip: list[TripEvent], rates: DirtRates, random: Random) -> list[Emission]:
    """Return the messages of a trip: its events, some of them soiled, and what else comes of it."""
    following = [*(event.publication_time for event in trip[1:]), None]
    emissions: list[Emission] = []
    for event, next_published in zip(trip, following, strict=True):
        emissions += _of_event(event, next_published, rates, random)
    return emissions + list(_of_completed_trip(trip[-1], emissions[-1].due, rates, random))


def _of_event(event: TripEvent, next_published: int | None, rates: DirtRates, random: Random) -> Iterator[Emission]:
    dirt: list[Dirt] = []
    if random.random() < rates.clock_skewed:
        dirt.append(Dirt.CLOCK_SKEWED)
        event = structs.replace(event, timestamp=event.timestamp + _signed(random, 5 * MINUTE, 45 * MINUTE))
    if random.random() < rates.late:
        dirt.append(Dirt.LATE)
        event = structs.replace(event, publication_time=event.publication_time + random.randint(MINUTE, 6 * HOUR))
    elif next_published is not None and random.random() < rates.out_of_order:
        dirt.append(Dirt.OUT_OF_ORDER)
        event = structs.replace(event, publication_time=next_published + random.randint(1, 2 * SECOND))
    value, due = encoder.encode(event), event.publication_time
    yield Emission(due, event.trip_id, value, tuple(dirt), event)
    if random.random() < rates.duplicated:
        again = due + random.randint(SECOND, 10 * MINUTE)
        yield Emission(again, event.trip_id, value, (*dirt, Dirt.DUPLICATED), event)
    if random.random() < rates.malformed:
        broken = break_event(event, random)
        yield Emission(due + SECOND, event.trip_id, broken.value, (Dirt.MALFORMED,), None, broken.reason)


def _of_completed_trip(end: TripEvent, due: int, rates: DirtRates, random: Random) -> Iterator[Emission]:
    if end.fare is None:
        return
    if random.random() < rates.conflicting:
        published = end.publication_time + random.choice((-1, 0, 1)) * random.randint(SECOND, MINUTE)
        other = structs.replace(end, publication_time=published, fare=_dearer(end.fare, random))
        again = due + random.randint(SECOND, 10 * MINUTE)
        yield Emission(again, end.trip_id, encoder.encode(other), (Dirt.CONFLICTING,), other)
    for kind, rate, dirt in (
        (EventType.FARE_ADJUSTED, rates.corrected, Dirt.CORRECTED),
        (EventType.TRIP_VOIDED, rates.voided, Dirt.VOIDED),
    ):
        if random.random() < rate:
            event = _correction(end, end.fare, kind, due + random.randint(HOUR, 72 * HOUR), random)
            yield Emission(event.publication_time, end.trip_id, encoder.encode(event), (dirt,), event)


def _correction(end: TripEvent, fare: Fare, kind: EventType, at: int, random: Random) -> TripEvent:
    return structs.replace(
        end,
        event_id=stable_id("simulated event", end.trip_id, kind),
        event_types=[kind],
        vehicle_state=VehicleState.AVAILABLE,
        timestamp=at,
        publication_time=at + random.randint(50, 3000),
        location=None,
        distance=None,
        duration=None,
        fare=_dearer(fare, random) if kind is EventType.FARE_ADJUSTED else None,
    )


def _dearer(fare: Fare, random: Random) -> Fare:
    """Return the fare with other extras: up to 5.00 more, or up to 2.00 less."""
    change = random.choice([*range(-200, 0, 5), *range(5, 505, 5)])
    return structs.replace(fare, extras=fare.extras + change, total=fare.total + change)


def _signed(random: Random, low: int, high: int) -> int:
    return random.choice((-1, 1)) * random.randint(low, high)


def _share(option: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise BadInputError("A dirt's rate is a share between 0 and 1", where=f"--dirt {option}")
    return share
