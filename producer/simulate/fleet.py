"""Vehicles and their companies. Faker fills the pools of names once: asked for each vehicle it is too slow."""

from functools import lru_cache
from string import ascii_uppercase
from typing import NamedTuple

from faker import Faker

from producer.ids import stable_id
from producer.messages import encoder

OWNER_OPERATED = 0.08
NAMELESS = 0.05
COMPANIES = 60
DRIVERS = 500
PLATES = 26 * 26 * 100_000
REMEMBERED = 20_000


class Vehicle(NamedTuple):
    """A vehicle and who runs it; the name is null where nobody says (a third of the real trips)."""

    vehicle_id: str
    device_id: str
    provider_id: str
    provider_name_text: str
    """As JSON."""


class Fleet:
    """All vehicles of a city, each a function of its number."""

    def __init__(self, size: int, seed: int) -> None:
        faker = Faker("en_US")
        faker.seed_instance(seed)
        self.size = size
        self._seed = seed
        self._companies: list[str] = [faker.unique.company() for _ in range(max(2, min(size // 25, COMPANIES)))]
        self._drivers: list[str] = [faker.name() for _ in range(min(size, DRIVERS))]
        self.vehicle = lru_cache(REMEMBERED)(self._vehicle)

    def _vehicle(self, number: int) -> Vehicle:
        device_id = stable_id("simulated device", str(self._seed), str(number))
        lot = int(device_id[:8], 16)
        provider = self._provider(number, lot)
        provider_id = stable_id("simulated provider", provider or "")
        return Vehicle(_plate(number), device_id, provider_id, encoder.encode(provider).decode())

    def _provider(self, number: int, lot: int) -> str | None:
        share = lot / 2**32
        if share < OWNER_OPERATED:
            return f"{number:05d} - {self._drivers[lot % len(self._drivers)]}"
        if share < OWNER_OPERATED + NAMELESS:
            return None
        return self._companies[lot % len(self._companies)]


def _plate(number: int) -> str:
    """Return a plate as Illinois has them, another for each vehicle, in no order that one sees."""
    scattered = number * 15_485_863 % PLATES  # a prime that shares no factor with PLATES
    letters, digits = divmod(scattered, 100_000)
    return f"{ascii_uppercase[letters // 26]}{ascii_uppercase[letters % 26]} {digits:05d}"
