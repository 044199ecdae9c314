"""Windows cover every committed offset once: they never overlap and leave no gap."""

import re

from hypothesis import given
from hypothesis import strategies as st

from warehouse.window import Partition, Range, load_id, next_window, pieces, share

PARTITIONS = st.builds(Partition, st.sampled_from(["trips", "trips.old"]), st.integers(0, 5))
OFFSETS = st.dictionaries(PARTITIONS, st.integers(0, 500), max_size=12)


@given(st.lists(OFFSETS, min_size=1, max_size=5), st.integers(1, 300))
def test_windows_cover_what_is_committed_without_overlap_or_gap(
    arrivals: list[dict[Partition, int]], rows: int
) -> None:
    """The lake grows between windows, also by partitions that were not there before."""
    committed: dict[Partition, int] = {}
    loaded: dict[Partition, int] = {}
    for growth in arrivals:
        for partition, more in growth.items():
            committed[partition] = committed.get(partition, 0) + more
        lowest = dict.fromkeys(committed, 0)
        while ranges := next_window(committed, loaded, lowest, rows):
            assert 0 < sum(each.offsets for each in ranges) <= rows
            for each in ranges:
                partition = Partition(each.topic, each.kafka_partition)
                assert each.from_offset == loaded.get(partition, 0)
                assert each.from_offset < each.to_offset <= committed[partition]
                loaded[partition] = each.to_offset
    assert {partition: end for partition, end in committed.items() if end} == loaded


@given(OFFSETS.filter(lambda pending: any(pending.values())), st.integers(1, 2_000))
def test_no_partition_waits_for_a_busier_one(pending: dict[Partition, int], rows: int) -> None:
    pending = {partition: count for partition, count in pending.items() if count}
    shares = share(pending, rows)
    assert sum(shares.values()) == min(rows, sum(pending.values()))
    served = [shares[partition] for partition in pending if shares[partition] < pending[partition]]
    largest = max(shares.values())
    assert all(count >= largest - 1 for count in served), "a partition got less than another, and wanted more"


def test_a_partition_starts_at_the_lowest_offset_that_landed() -> None:
    part = Partition("trips", 0)
    assert next_window({part: 90}, {}, {part: 40}, 100) == [Range("trips", 0, 40, 90)]


def test_a_partition_with_nothing_landed_waits() -> None:
    assert next_window({Partition("trips", 0): 7}, {}, {}, 100) == []


def test_the_id_of_a_window_follows_from_target_and_ranges() -> None:
    ranges = [Range("trips", 0, 0, 5), Range("trips", 1, 3, 9)]
    identifier = load_id("tripline.dev_", ranges)
    assert identifier == load_id("tripline.dev_", list(ranges))
    assert re.fullmatch("[0-9a-f]{32}", identifier)
    others = [
        load_id("tripline.", ranges),
        load_id("tripline.dev_", ranges[:1]),
        load_id("tripline.dev_", [ranges[0], Range("trips", 1, 3, 10)]),
    ]
    assert len({identifier, *others}) == 4


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 40)), max_size=5), st.integers(1, 20))
def test_pieces_cover_each_offset_once_in_order_and_side_by_side(spans: list[tuple[int, int]], size: int) -> None:
    ranges = [Range("trips", number, start, start + count) for number, (start, count) in enumerate(spans)]
    found = list(pieces(ranges, size))
    assert all(1 <= piece.offsets <= size for piece in found)
    for each in ranges:
        covered = [
            offset
            for piece in found
            if piece.kafka_partition == each.kafka_partition
            for offset in range(piece.from_offset, piece.to_offset)
        ]
        assert covered == list(range(each.from_offset, each.to_offset))
    passed = [(piece.from_offset - ranges[piece.kafka_partition].from_offset) for piece in found]
    assert passed == sorted(passed)
