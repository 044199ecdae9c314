"""Named dirt, each kind with its rate: what real feeds do to trip events, done on purpose and written down.

Trouble rarely comes alone: dirt keeps to a tenth of the trips (or more, where a rate asks for more), and is the more
frequent there. A trip without trouble costs one comparison.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import cached_property
from random import Random
from typing import TypeAlias

from msgspec import Struct, structs

from contracts.errors import BadInputError
from contracts.event import EventType, Fare, TripEvent, VehicleState
from contracts.reasons import DeadLetterReason, RejectionReason
from producer.ids import stable_id
from producer.messages import encoder
from producer.simulate.breakage import break_event
from producer.simulate.chance import ONE
from producer.simulate.city import Trip
from producer.simulate.wire import Step, decoder

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
SHARE_OF_TRIPS = 0.1


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

    @cached_property
    def share_of_trips(self) -> float:
        """The share of trips that dirt keeps to."""
        rates: list[float] = list(asdict(self).values())
        return max(SHARE_OF_TRIPS, *rates)

    @cached_property
    def in_trouble(self) -> "DirtRates":
        """The rates in those trips, which make these over all trips."""
        return DirtRates(**{name: rate / self.share_of_trips for name, rate in asdict(self).items()})


CLEAN = DirtRates(**dict.fromkeys((each.name for each in fields(DirtRates)), 0.0))


class Soiled(Struct, frozen=True, gc=False):
    """One message of a trip in trouble, to come at `due` (milliseconds since the epoch), and the truth about it."""

    due: int
    key: str
    value: bytes
    starts_trip: bool
    dirt: tuple[Dirt, ...] = ()
    reason: RejectionReason | DeadLetterReason | None = None

    @property
    def event(self) -> TripEvent | None:
        """The valid event in `value`; None for a malformed message."""
        return decoder.decode(self.value) if self.reason is None else None


Emission: TypeAlias = Step | Soiled
"""One message to come, and the truth about it."""


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
    return DirtRates(**{**({} if "none" not in options else asdict(CLEAN)), **rates})


def soil(trip: Trip, rates: DirtRates) -> list[Emission]:
    """Return the messages of a trip: its events, some of them soiled, and what else comes of it.

    The same trip and rates give the same messages.
    """
    if trip.lot >= rates.share_of_trips * ONE:
        return [*trip.steps]
    random = Random(trip.lot)  # noqa: S311 - a simulation, not a secret
    following = [*(step.due for step in trip.steps[1:]), None]
    emissions: list[Emission] = []
    for step, next_published in zip(trip.steps, following, strict=True):
        emissions += _of_event(step, trip.trip_id, next_published, rates.in_trouble, random)
    if trip.completed:
        end = trip.steps[-1].event
        emissions += list(_of_completed_trip(end, emissions[-1].due, rates.in_trouble, random))
    return emissions


def _of_event(step: Step, key: str, next_published: int | None, rates: DirtRates, random: Random) -> Iterator[Soiled]:
    dirt: list[Dirt] = []
    if random.random() < rates.clock_skewed:
        dirt.append(Dirt.CLOCK_SKEWED)
        step = structs.replace(step, timestamp=step.timestamp + _signed(random, 5 * MINUTE, 45 * MINUTE))
    if random.random() < rates.late:
        dirt.append(Dirt.LATE)
        step = structs.replace(step, due=step.due + random.randint(MINUTE, 6 * HOUR))
    elif next_published is not None and random.random() < rates.out_of_order:
        dirt.append(Dirt.OUT_OF_ORDER)
        step = structs.replace(step, due=next_published + random.randint(1, 2 * SECOND))
    value, due = step.value, step.due
    yield Soiled(due, key, value, step.starts_trip, tuple(dirt))
    if random.random() < rates.duplicated:
        again = due + random.randint(SECOND, 10 * MINUTE)
        yield Soiled(again, key, value, False, (*dirt, Dirt.DUPLICATED))
    if random.random() < rates.malformed:
        broken = break_event(decoder.decode(value), random)
        yield Soiled(due + SECOND, key, broken.value, False, (Dirt.MALFORMED,), broken.reason)


def _of_completed_trip(end: TripEvent, due: int, rates: DirtRates, random: Random) -> Iterator[Soiled]:
    if end.fare is None:
        return
    if random.random() < rates.conflicting:
        published = end.publication_time + random.choice((-1, 0, 1)) * random.randint(SECOND, MINUTE)
        other = structs.replace(end, publication_time=published, fare=_dearer(end.fare, random))
        again = due + random.randint(SECOND, 10 * MINUTE)
        yield Soiled(again, end.trip_id, encoder.encode(other), False, (Dirt.CONFLICTING,))
    for kind, rate, dirt in (
        (EventType.FARE_ADJUSTED, rates.corrected, Dirt.CORRECTED),
        (EventType.TRIP_VOIDED, rates.voided, Dirt.VOIDED),
    ):
        if random.random() < rate:
            event = _correction(end, end.fare, kind, due + random.randint(HOUR, 72 * HOUR), random)
            yield Soiled(event.publication_time, end.trip_id, encoder.encode(event), False, (dirt,))


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
