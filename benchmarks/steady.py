"""How fast a consumer lands, at work (start-up left out) and over its whole run, from looks at the growing table."""

from collections.abc import Sequence
from typing import NamedTuple

from contracts.errors import FatalError


class Look(NamedTuple):
    """What was seen of a run at one moment."""

    seconds: float
    """Since the consumer's process was started."""
    table_bytes: int
    """Of the table that it fills, indexes left out: it grows with the rows, whatever the size of the transactions."""
    writing: int
    """Transactions that have written and not committed yet."""
    client_cpu: float
    """CPU seconds of the consumer's processes so far."""
    postgres_cpu: float
    """CPU seconds of Postgres so far."""
    broker_cpu: float
    """CPU seconds of the broker so far."""


class Pace(NamedTuple):
    """What a run came to. Rates are rows a second; times are seconds since the start of the process."""

    steady_rate: float
    whole_rate: float
    first_row_seconds: float
    seconds: float
    client_cpu_seconds: float
    postgres_cpu_seconds: float
    broker_cpu_seconds: float


def pace(looks: Sequence[Look], rows: int) -> Pace:
    """Return the pace of a run that ended with `rows` rows in the table.

    It ends when the table stands at its last size and nobody writes any more. Its steady part begins with the first
    look that saw rows, and counts those that came afterwards. Raises FatalError when there is no such part.
    """
    before, size = looks[0], looks[-1].table_bytes
    first = next((look for look in looks if look.table_bytes > before.table_bytes), looks[-1])
    end = next((look for look in looks if look.table_bytes == size and not look.writing), looks[-1])
    if end.seconds <= first.seconds:
        raise FatalError("The table was never seen growing", remedy="Measure with more events.")
    later = rows * (size - first.table_bytes) / (size - before.table_bytes)
    return Pace(
        steady_rate=later / (end.seconds - first.seconds),
        whole_rate=rows / end.seconds,
        first_row_seconds=first.seconds,
        seconds=end.seconds,
        client_cpu_seconds=end.client_cpu,
        postgres_cpu_seconds=end.postgres_cpu - before.postgres_cpu,
        broker_cpu_seconds=end.broker_cpu - before.broker_cpu,
    )
