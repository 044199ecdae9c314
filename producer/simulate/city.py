"""A simulated city: who asks, which vehicle comes, where it goes, what it costs; as MDS events of each trip."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from msgspec import structs

from contracts.event import SCHEMA_VERSION, EventType, Fare, Location, PaymentType, TripEvent
from producer.ids import stable_id
from producer.simulate.demand import request_times
from producer.simulate.fleet import Fleet, Vehicle
from producer.simulate.geography import STREET_FACTOR, Area, metres_between, pick_destination, pick_origin, place_in
from producer.simulate.plan import ZONE, CityPlan

TRIPS_PER_VEHICLE_AND_DAY = 20
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


class City:
    """Trips of one plan."""

    def __init__(self, plan: CityPlan) -> None:
        self._plan = plan
        self._random = Random(plan.seed)  # noqa: S311 - a simulation, not a secret
        self._fleet = Fleet(max(5, round(plan.trips_per_day / TRIPS_PER_VEHICLE_AND_DAY)), plan.seed, self._random)

    def trips(self) -> Iterator[list[TripEvent]]:
        """Yield the events of each trip, in order of request, for ever."""
        plan = self._plan
        for number, requested in enumerate(request_times(plan.opens, plan.trips_per_day, ZONE, self._random)):
            origin = pick_origin(self._random)
            place = place_in(origin, self._random)
            vehicle = self._fleet.nearest_free(place, requested)
            if vehicle is None:
                continue
            events = list(self._trip(f"{plan.seed}/{plan.start}/{number}", requested, origin, place, vehicle))
            vehicle.free_from, vehicle.place = events[-1].timestamp, events[-1].location or place
            if events[-1].timestamp >= plan.start:
                yield events

    def _trip(self, key: str, requested: int, origin: Area, place: Location, vehicle: Vehicle) -> Iterator[TripEvent]:
        random = self._random
        trip = self._blank(key, requested, origin, place, vehicle)

        def event(kind: EventType, after: float, **facts: object) -> TripEvent:
            timestamp = trip.timestamp + round(after * 1000)
            latency = random.randint(50, 3000)
            return structs.replace(
                trip,
                event_id=stable_id("simulated event", key, kind),
                event_types=[kind],
                vehicle_state=vehicle.step(kind),
                timestamp=timestamp,
                publication_time=timestamp + latency,
                **facts,
            )

        approach = _seconds(metres_between(vehicle.place, place) * STREET_FACTOR, random)
        yield event(EventType.RESERVATION_START, 0, location=vehicle.place)
        cancellation = random.choices([None, *CANCELLED], [1 - sum(CANCELLED.values()), *CANCELLED.values()])[0]
        if cancellation is not None and random.random() < 0.7:
            yield event(cancellation, random.uniform(0.1, 0.9) * approach, location=vehicle.place)
            return
        yield event(EventType.RESERVATION_STOP, approach)
        waited = approach + random.uniform(5, 240)
        if cancellation is not None:
            yield event(cancellation, waited)
            return
        yield event(EventType.TRIP_START, waited)

        destination = pick_destination(origin, random)
        goal = place_in(destination, random)
        metres = max(300, round(metres_between(place, goal) * STREET_FACTOR * random.uniform(0.9, 1.2)))
        ride = _seconds(metres, random)
        arrival = {"location": goal, "dropoff_area": destination.number}
        yield event(EventType.TRIP_STOP, waited + ride, **arrival)
        fare = _fare(metres, ride, {origin.number, destination.number}, random)
        paid = waited + ride + random.uniform(5, 90)
        yield event(EventType.TRIP_END, paid, **arrival, distance=metres, duration=ride, fare=fare)

    def _blank(self, key: str, requested: int, origin: Area, place: Location, vehicle: Vehicle) -> TripEvent:
        """Return what all events of the trip share."""
        return TripEvent(
            schema_version=SCHEMA_VERSION,
            event_id="",
            event_types=[],
            vehicle_state=vehicle.state,
            timestamp=requested,
            publication_time=requested,
            provider_id=vehicle.provider.provider_id,
            provider_name=vehicle.provider.name,
            device_id=vehicle.device_id,
            vehicle_id=vehicle.vehicle_id,
            trip_id=stable_id("simulated trip", key),
            service_date=datetime.fromtimestamp(requested / 1000, ZONE).date().isoformat(),
            location=place,
            pickup_area=origin.number,
        )


def _seconds(metres: float, random: Random) -> int:
    """Return how long it takes to drive so far in a city, in seconds: 15 to 45 km/h, faster on long ways."""
    kilometres_an_hour = random.uniform(15, 28) + min(metres / 1500, 17)
    return max(60, round(metres / kilometres_an_hour * 3.6))


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
