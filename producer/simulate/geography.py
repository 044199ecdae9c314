"""Chicago's 77 community areas: where they are, how much they travel, and how far it is from one to another."""

import csv
import math
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from contracts.event import Location

AREAS_FILE = Path(__file__).with_name("chicago_areas.csv")
METRES_PER_DEGREE = 111_320
STREET_FACTOR = 1.3
"""Streets are this much longer than the straight line (Chicago's grid: between 1 and the square root of 2)."""
MEAN_RIDE_METRES = 5_000
SPREAD_DEGREES = 0.006


class Area(NamedTuple):
    """A community area: number, name, centre in decimal degrees, and its share of all pick-ups (relative)."""

    number: int
    name: str
    latitude: float
    longitude: float
    weight: float


@cache
def areas() -> tuple[Area, ...]:
    """Return the community areas in order of their number. Weights follow the real trips of 2013-2016."""
    with AREAS_FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Area(int(row["area"]), row["name"], float(row["latitude"]), float(row["longitude"]), float(row["weight"]))
            for row in csv.DictReader(file)
        )


def metres_between(one: Location, other: Location) -> float:
    """Return the straight distance of two places of one city, in metres (flat-earth, 0.1 % off at 50 km)."""
    north = (one.lat - other.lat) * METRES_PER_DEGREE
    east = (one.lng - other.lng) * METRES_PER_DEGREE * math.cos(math.radians(one.lat))
    return math.hypot(north, east)


def place_in(area: Area, random: Random) -> Location:
    """Return a place somewhere in the area."""
    return Location(
        lat=round(random.gauss(area.latitude, SPREAD_DEGREES), 6),
        lng=round(random.gauss(area.longitude, SPREAD_DEGREES), 6),
    )


def place_near(place: Location, metres: float, random: Random) -> Location:
    """Return a place so far away, in any direction."""
    heading = random.uniform(0, math.tau)
    return Location(
        lat=round(place.lat + metres * math.cos(heading) / METRES_PER_DEGREE, 6),
        lng=round(place.lng + metres * math.sin(heading) / METRES_PER_DEGREE / math.cos(math.radians(place.lat)), 6),
    )


def pick_origin(random: Random) -> Area:
    """Return where a ride begins."""
    return random.choices(areas(), cum_weights=_cumulative(None))[0]


def pick_destination(origin: Area, random: Random) -> Area:
    """Return where a ride from there goes: busy places attract, distance deters."""
    return random.choices(areas(), cum_weights=_cumulative(origin))[0]


@cache
def _cumulative(origin: Area | None) -> tuple[float, ...]:
    total, sums = 0.0, []
    for area in areas():
        total += area.weight * (1.0 if origin is None else _appeal(origin, area))
        sums.append(total)
    return tuple(sums)


def _appeal(origin: Area, destination: Area) -> float:
    start = Location(lat=origin.latitude, lng=origin.longitude)
    end = Location(lat=destination.latitude, lng=destination.longitude)
    return math.exp(-metres_between(start, end) / MEAN_RIDE_METRES) + 0.05
