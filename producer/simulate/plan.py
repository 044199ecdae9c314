"""What makes a city: its seed, its size, and when it begins."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from contracts.errors import BadInputError
from contracts.event import EARLIEST_MILLISECONDS, LATEST_MILLISECONDS
from producer.trips import from_local, to_milliseconds

ZONE = ZoneInfo("America/Chicago")
FIRST_DAY = "2025-01-01"
EVENTS_PER_TRIP = 4.6
"""Mean of completed and cancelled trips, corrections not counted."""
LARGEST_EVENTS_PER_SECOND = 3_000
"""Of a living city: what is to come of its trips, corrections after three days too, then fills some 130 MB."""
LARGEST_TRIPS_PER_DAY = LARGEST_EVENTS_PER_SECOND * 86_400 // EVENTS_PER_TRIP
LATEST_START_MILLISECONDS = LATEST_MILLISECONDS - 10 * 365 * 86_400_000
"""Ten years before the contract's last moment, so that a simulation has time."""
UNDER_WAY_MILLISECONDS = 45 * 60_000
"""Of a living city, the trips requested so long before it is first heard of are under way; few take longer."""


@dataclass(frozen=True)
class CityPlan:
    """The same plan gives the same events. `start` is in milliseconds since the epoch."""

    seed: int
    start: int
    trips_per_day: float
    already_running: bool = False
    """Whether the city has lived before `start`: trips are under way, and the rest of their events comes."""

    @cached_property
    def opens(self) -> int:
        """When the first trip may be requested: `start`, or New Year before it in a city that runs already.

        So a living city that is heard of again, later in the year, is the same city.
        """
        if not self.already_running:
            return self.start
        local = datetime.fromtimestamp((self.start - UNDER_WAY_MILLISECONDS) / 1000, ZONE)
        return to_milliseconds(from_local(datetime(local.year, 1, 1), ZONE))  # noqa: DTZ001 - from_local wants it naive

    @cached_property
    def name(self) -> str:
        """What chance is asked by."""
        return f"{self.seed}/{self.opens}/{self.trips_per_day:g}"


def trips_per_day_of(events_per_second: float) -> float:
    """Return how much a city must travel to report so many events a second on the week's mean."""
    return events_per_second * 86_400 / EVENTS_PER_TRIP


def parse_start(text: str) -> int:
    """Return the moment of an ISO 8601 text, Chicago time without an offset, in milliseconds since the epoch.

    Raises BadInputError when it is none, or one that the contract does not know.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(f"{text!r} is not a time", where="--start", remedy="E.g. 2025-01-01T06:00.") from error
    start = to_milliseconds(from_local(moment, ZONE) if moment.tzinfo is None else moment)
    if not EARLIEST_MILLISECONDS <= start < LATEST_START_MILLISECONDS:
        raise BadInputError(f"{text!r} is outside the years of the contract", where="--start")
    return start
