"""What makes a city: its seed, its size, and when it begins."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.errors import BadInputError
from contracts.event import EARLIEST_MILLISECONDS, LATEST_MILLISECONDS
from producer.trips import from_local, to_milliseconds

ZONE = ZoneInfo("America/Chicago")
FIRST_DAY = "2025-01-01"
EVENTS_PER_TRIP = 4.6
"""Mean of completed and cancelled trips, corrections not counted."""
LARGEST_EVENTS_PER_SECOND = 75
"""Of a living city: its trips under way then fill some 150 MB. What is more for a test of load is a replay's work."""
LARGEST_TRIPS_PER_DAY = LARGEST_EVENTS_PER_SECOND * 86_400 // EVENTS_PER_TRIP
LATEST_START_MILLISECONDS = LATEST_MILLISECONDS - 10 * 365 * 86_400_000
"""Ten years before the contract's last moment, so that a simulation has time."""
WARM_UP_MILLISECONDS = 45 * 60_000
"""A living city opened so long before it is first heard of; few trips take longer."""


@dataclass(frozen=True)
class CityPlan:
    """The same plan gives the same events. `start` is in milliseconds since the epoch."""

    seed: int
    start: int
    trips_per_day: float
    already_running: bool = False
    """Whether trips are under way at `start`; their earlier events come too."""

    @property
    def opens(self) -> int:
        """When the first trip may be requested, in milliseconds since the epoch."""
        return self.start - WARM_UP_MILLISECONDS if self.already_running else self.start


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
