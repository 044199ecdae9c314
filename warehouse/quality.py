"""What a check of data quality finds, and when it is red. Pure: measured figures in, findings out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from contracts.errors import UnhealthyError
from contracts.settings import QualitySettings

# Of a few trips, a few may be strange without telling anything.
TOLERATED_TRIPS = 5
LEAST_WEEKS = 3
# Of a normal distribution, 1.4826 times the median absolute deviation is one standard deviation.
DEVIATIONS = 3 * 1.4826


class Kind(StrEnum):
    """What a check asks."""

    FRESHNESS = "freshness"
    VOLUME = "volume"
    UNIQUENESS = "uniqueness"
    REFERENCES = "references"
    CONSISTENCY = "consistency"
    RANGES = "ranges"
    RULES = "rules"
    BOOKS = "books"


class Status(StrEnum):
    """What a check says; only red fails a run."""

    GREEN = "green"
    RED = "red"
    SILENT = "silent"
    """Too little to judge, or nobody to ask."""
    REPORTED = "reported"
    """A business rule: real trips break it, which is nobody's fault."""


class Finding(NamedTuple):
    """One check: what was observed (rows, trips, seconds), and between which bounds it is green."""

    kind: Kind
    name: str
    status: Status
    observed: float | None
    lower: float | None = None
    upper: float | None = None
    detail: str = ""

    @property
    def check_name(self) -> str:
        """Name it among the checks of all kinds."""
        return f"{self.kind}: {self.name}"


def judge_none(kind: Kind, counts: Mapping[str, int], detail: str) -> list[Finding]:
    """Judge faults that must not be at all."""
    return [
        Finding(kind, name, Status.RED if count else Status.GREEN, count, upper=0, detail=detail)
        for name, count in counts.items()
    ]


def judge_shares(counts: Mapping[str, int], share: float) -> list[Finding]:
    """Judge trips out of range: red above a share of all `trips`, and never for a few of them."""
    allowed = max(share * counts["trips"], TOLERATED_TRIPS)
    return [
        Finding(
            Kind.RANGES,
            name,
            Status.RED if count > allowed else Status.GREEN,
            count,
            upper=allowed,
            detail=f"of {counts['trips']:,} trips",
        )
        for name, count in counts.items()
        if name != "trips"
    ]


def report_rules(counts: Mapping[str, int]) -> list[Finding]:
    """Report trips that break a business rule, of all `trips`."""
    return [
        Finding(Kind.RULES, name, Status.REPORTED, count, detail=f"of {counts['trips']:,} trips")
        for name, count in counts.items()
        if name != "trips"
    ]


def judge_age(name: str, since: datetime | None, now: datetime, minutes: float, detail: str) -> Finding:
    """Judge seconds since a moment: red after so many minutes; with 0 minutes they are only reported.

    Without a moment the finding is silent.
    """
    age = None if since is None else (now - since).total_seconds()
    upper = minutes * 60 if minutes else None
    if age is None:
        status = Status.SILENT
    elif upper is None:
        status = Status.REPORTED
    else:
        status = Status.RED if age > upper else Status.GREEN
    return Finding(Kind.FRESHNESS, name, status, age, upper=upper, detail=detail)


def judge_volume(name: str, observed: int, history: Sequence[int], settings: QualitySettings) -> Finding:
    """Judge trips of an hour by the same hour of past weeks: red when they are far from its median.

    Far is `volume_tolerance` of the median or three deviations, whichever is more: the median absolute deviation, which
    a holiday does not move. Silent with fewer than three weeks, or when the median is below `volume_minimum`.
    """
    if len(history) < LEAST_WEEKS:
        detail = f"{len(history)} weeks to compare with, {LEAST_WEEKS} are needed"
        return Finding(Kind.VOLUME, name, Status.SILENT, observed, detail=detail)
    middle = median(history)
    if middle < settings.volume_minimum:
        detail = f"the median of {len(history)} weeks is {middle:g}, too little to judge"
        return Finding(Kind.VOLUME, name, Status.SILENT, observed, detail=detail)
    deviation = median(abs(each - middle) for each in history)
    reach = max(settings.volume_tolerance * middle, DEVIATIONS * deviation)
    lower, upper = max(middle - reach, 0), middle + reach
    status = Status.GREEN if lower <= observed <= upper else Status.RED
    return Finding(
        Kind.VOLUME, name, status, observed, lower, upper, f"the median of {len(history)} weeks is {middle:g}"
    )


def reds(findings: Iterable[Finding]) -> list[Finding]:
    """Return what is red."""
    return [each for each in findings if each.status is Status.RED]


def require_healthy(names: Sequence[str], *, where: str) -> None:
    """Raise UnhealthyError that names the checks that are red."""
    if names:
        raise UnhealthyError(
            f"{len(names)} checks of data quality are red: {'; '.join(names)}",
            where=where,
            remedy="`python -m warehouse check` shows every figure; docs/data-quality.md says what to do.",
        )
