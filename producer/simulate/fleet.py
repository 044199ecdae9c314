"""Companies, and vehicles that walk the MDS states. Faker fills the pools once: asked for each event it is too slow."""

from dataclasses import dataclass
from random import Random

from faker import Faker

from contracts.event import EventType, Location, VehicleState
from producer.ids import stable_id
from producer.simulate.geography import metres_between, pick_origin, place_in
from producer.states import TRANSITIONS

OWNER_OPERATED = 0.08
NAMELESS = 0.05
CANDIDATES = 12


@dataclass(frozen=True)
class Provider:
    """A company; `name` is None for one that does not say (a third of the real trips)."""

    provider_id: str
    name: str | None


@dataclass(slots=True)
class Vehicle:
    """A vehicle: who runs it, where it was last, from when on (milliseconds) it is free, and its MDS state."""

    vehicle_id: str
    device_id: str
    provider: Provider
    place: Location
    free_from: int = 0
    state: VehicleState = VehicleState.AVAILABLE

    def step(self, event: EventType) -> VehicleState:
        """Move to the state after `event` and return it. Raises KeyError when MDS does not allow it here."""
        self.state = TRANSITIONS[self.state, event]
        return self.state


class Fleet:
    """All vehicles of the city."""

    def __init__(self, size: int, seed: int, random: Random) -> None:
        faker = Faker("en_US")
        faker.seed_instance(seed)
        self._random = random
        companies = [_provider(faker.unique.company()) for _ in range(max(2, min(size // 25, 60)))]
        nameless = Provider(stable_id("simulated provider", ""), None)
        self.vehicles: list[Vehicle] = []
        for number in range(size):
            dice = random.random()
            if dice < OWNER_OPERATED:
                provider = _provider(f"{number:05d} - {faker.name()}")
            elif dice < OWNER_OPERATED + NAMELESS:
                provider = nameless
            else:
                provider = random.choice(companies)
            self.vehicles.append(
                Vehicle(
                    vehicle_id=faker.unique.license_plate(),
                    device_id=stable_id("simulated device", str(seed), str(number)),
                    provider=provider,
                    place=place_in(pick_origin(random), random),
                )
            )

    def nearest_free(self, place: Location, at: int) -> Vehicle | None:
        """Return the nearest of a few free vehicles, or None when none of those looked at is free."""
        looked_at = self._random.choices(self.vehicles, k=CANDIDATES)
        free = [vehicle for vehicle in looked_at if vehicle.free_from <= at]
        return min(free, key=lambda vehicle: metres_between(vehicle.place, place), default=None)


def _provider(name: str) -> Provider:
    return Provider(stable_id("simulated provider", name), name)
