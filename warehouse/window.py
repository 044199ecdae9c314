"""A window: which offsets of the lake are loaded together. Pure arithmetic."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


class Range(NamedTuple):
    """Offsets `[from_offset, to_offset)` of one partition."""

    topic: str
    kafka_partition: int
    from_offset: int
    to_offset: int

    @property
    def offsets(self) -> int:
        """How many offsets the range covers; some may hold no event."""
        return self.to_offset - self.from_offset


def next_window(
    committed: Mapping[Partition, int], loaded: Mapping[Partition, int], lowest: Mapping[Partition, int], rows: int
) -> list[Range]:
    """Return the ranges to load next, in order of partition; empty when everything committed is loaded.

    `committed` is the lake's next offset per partition: nothing can appear below it later. A partition goes on
    where its last window ended (`loaded`), or starts at the lowest offset that the lake has of it. The window covers
    at most `rows` offsets, shared so that a busy partition never starves a quiet one.
    """
    starts = {partition: loaded.get(partition, lowest.get(partition, end)) for partition, end in committed.items()}
    pending = {partition: committed[partition] - start for partition, start in starts.items()}
    shares = share({partition: count for partition, count in pending.items() if count > 0}, rows)
    return [
        Range(partition.topic, partition.number, starts[partition], starts[partition] + count)
        for partition, count in sorted(shares.items())
        if count > 0
    ]


def below(committed: Mapping[Partition, int], ceiling: Mapping[Partition, int]) -> dict[Partition, int]:
    """Return how far each partition is, but not beyond its ceiling; a partition without one is left out."""
    return {each: min(end, ceiling[each]) for each, end in committed.items() if each in ceiling}


def share(pending: Mapping[Partition, int], rows: int) -> dict[Partition, int]:
    """Divide `rows` among partitions evenly, handing on what a quiet partition does not need."""
    shares: dict[Partition, int] = {}
    left = rows
    for position, partition in enumerate(sorted(pending, key=lambda each: (pending[each], each))):
        # Rounded up, so that rows fewer than partitions still move somebody forward.
        fair = -(-left // (len(pending) - position))
        shares[partition] = min(pending[partition], fair)
        left -= shares[partition]
    return shares


def pieces(ranges: Sequence[Range], offsets: int) -> Iterator[Range]:
    """Divide ranges into pieces of at most so many offsets: the first of each range, then the second of each, and on.

    Partitions grow side by side, so that their first pieces lie close together in the lake.
    """
    for skipped in range(0, max((each.offsets for each in ranges), default=0), offsets):
        for each in ranges:
            start = each.from_offset + skipped
            if start < each.to_offset:
                yield each._replace(from_offset=start, to_offset=min(start + offsets, each.to_offset))


def load_id(target: str, ranges: Sequence[Range]) -> str:
    """Return the id of this window in this target: the same ranges always have the same id.

    32 hexadecimal digits, so that it may stand in BigQuery's table names and job ids.
    """
    parts = [target, *(f"{each.topic}/{each.kafka_partition}/{each.from_offset}-{each.to_offset}" for each in ranges)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
