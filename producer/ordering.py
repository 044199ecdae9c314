"""What many trips report at once, put into one order of time."""

import heapq
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def in_order_of_time(groups: Iterable[tuple[int, Iterable[tuple[int, Item]]]]) -> Iterator[tuple[int, Item]]:
    """Merge groups of `(milliseconds, item)` by time; equal times stay in the order in which they came.

    A group is `(earliest, items)`: none of its items is due before `earliest`, and groups come in order of it. Only
    what is not due yet is held in memory.
    """
    waiting: list[tuple[int, int, Item]] = []
    sequence = 0
    for earliest, items in groups:
        while waiting and waiting[0][0] < earliest:
            due, _, item = heapq.heappop(waiting)
            yield due, item
        for due, item in items:
            heapq.heappush(waiting, (due, sequence, item))
            sequence += 1
    while waiting:
        due, _, item = heapq.heappop(waiting)
        yield due, item
