"""Rides of the city: where from, where to, what it costs, and what each event of the trip says about it.

A city has `RIDES` of them, of which each trip is one: what does not differ between its trips is prepared once.
"""

from random import Random
from typing import NamedTuple

from contracts.event import EventType, Fare, Location, PaymentType
from producer.simulate.geography import (
    STREET_FACTOR,
    Area,
    metres_between,
    pick_destination,
    pick_origin,
    place_in,
    place_near,
)
from producer.simulate.wire import Facts, Stop, stop

RIDES = 4_096
MEAN_APPROACH_METRES = 900
LONGEST_RIDE_SECONDS = 3_600
METRES_PER_MILE = 1609.344
AIRPORTS = {56, 76}

CANCELLED = {
    EventType.PASSENGER_CANCELLATION: 0.06,
    EventType.DRIVER_CANCELLATION: 0.03,
    EventType.PROVIDER_CANCELLATION: 0.01,
}
PAYMENTS = {
    PaymentType.CREDIT_CARD: 42,
    PaymentType.CASH: 33,
    PaymentType.MOBILE_APP: 20,
    PaymentType.PREPAID_CARD: 2,
    PaymentType.NO_PAYMENT: 1,
    PaymentType.DISPUTED: 1,
    PaymentType.UNKNOWN: 1,
}


class Ride(NamedTuple):
    """The stops of a trip in order, and whether it is driven to the end."""

    stops: tuple[Stop, ...]
    completed: bool


def rides(seed: int) -> list[Ride]:
    """Return all rides of a city."""
    random = Random(f"rides {seed}")  # noqa: S311 - a simulation, not a secret
    return [_ride(random) for _ in range(RIDES)]


def _ride(random: Random) -> Ride:
    origin = pick_origin(random)
    place = place_in(origin, random)
    metres_there = min(random.expovariate(1 / MEAN_APPROACH_METRES), 5 * MEAN_APPROACH_METRES)
    coming_from = place_near(place, metres_there, random)
    approach = _seconds(metres_there * STREET_FACTOR, random)
    before, there = Facts(coming_from, origin.number), Facts(place, origin.number)
    reserved = stop(EventType.RESERVATION_START, 0, before)
    cancellation = random.choices([None, *CANCELLED], [1 - sum(CANCELLED.values()), *CANCELLED.values()])[0]
    if cancellation is not None and random.random() < 0.7:
        return Ride((reserved, stop(cancellation, random.uniform(0.1, 0.9) * approach, before)), completed=False)
    waited = approach + random.uniform(5, 240)
    begun = reserved, stop(EventType.RESERVATION_STOP, approach, there)
    if cancellation is not None:
        return Ride((*begun, stop(cancellation, waited, there)), completed=False)
    driven = _driven(waited, origin, place, random)
    return Ride((*begun, stop(EventType.TRIP_START, waited, there), *driven), completed=True)


def _driven(waited: float, origin: Area, place: Location, random: Random) -> tuple[Stop, Stop]:
    destination = pick_destination(origin, random)
    goal = place_in(destination, random)
    metres = max(300, round(metres_between(place, goal) * STREET_FACTOR * random.uniform(0.9, 1.2)))
    seconds = _seconds(metres, random)
    fare = _fare(metres, seconds, {origin.number, destination.number}, random)
    arrived = waited + seconds
    return (
        stop(EventType.TRIP_STOP, arrived, Facts(goal, origin.number, destination.number)),
        stop(
            EventType.TRIP_END,
            arrived + random.uniform(5, 90),
            Facts(goal, origin.number, destination.number, metres, seconds, fare),
        ),
    )


def _seconds(metres: float, random: Random) -> int:
    """Return how long it takes to drive so far in a city, in seconds: 15 to 45 km/h, faster on long ways."""
    kilometres_an_hour = random.uniform(15, 28) + min(metres / 1500, 17)
    return min(max(60, round(metres / kilometres_an_hour * 3.6)), LONGEST_RIDE_SECONDS)


def _fare(metres: int, seconds: int, areas: set[int], random: Random) -> Fare:
    """Return the fare by Chicago's taxi meter of 2016: 3.25 flag, 2.25 a mile, 0.20 for each 36 s; 4.00 at airports."""
    payment = random.choices(list(PAYMENTS), list(PAYMENTS.values()))[0]
    base_fare = 325 + round(metres / METRES_PER_MILE * 225) + seconds // 36 * 20
    extras = random.choices((0, 100, 150), (70, 22, 8))[0] + (400 if areas & AIRPORTS else 0)
    by_card = payment in {PaymentType.CREDIT_CARD, PaymentType.MOBILE_APP}
    tip = round(base_fare * random.choice((0.1, 0.15, 0.2, 0.2, 0.25))) if by_card and random.random() < 0.85 else 0
    if payment is PaymentType.NO_PAYMENT:
        base_fare = extras = tip = 0
    return Fare(
        currency="USD",
        payment_type=payment,
        base_fare=base_fare,
        tolls=0,
        extras=extras,
        tip=tip,
        total=base_fare + extras + tip,
    )
