"""Trips by start, events by time, in bounded memory, and at their time."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from producer.mapping import load_mapping
from producer.ordering import in_order_of_time
from producer.pacing import LONGEST_SLEEP_SECONDS, MOST_AT_ONCE, Pace, paced
from producer.sorting import in_order_of_start
from producer.trips import to_trip
from tests.support.chicago_rows import row

CHICAGO = load_mapping("chicago")
TRIP = to_trip(row(), CHICAGO, CHICAGO.zone, key="1")


class FakeClock:
    """Time that passes only while someone sleeps, and sleeps that may end early."""

    def __init__(self, share_slept: float = 1.0) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self._share_slept = share_slept

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += max(seconds * self._share_slept, 1e-6)


def times(pace: Pace, due: list[int], clock: FakeClock) -> list[float]:
    items = [(each, each) for each in due]
    batches = paced(items, pace, clock=clock, sleep=clock.sleep)
    return [round(clock.now - 1000, 4) for batch in batches for _ in batch]


def test_rate_spaces_items_evenly_whatever_their_event_time() -> None:
    assert times(Pace(rate=4), [5, 5, 900_000, 900_001], FakeClock()) == [0, 0.25, 0.5, 0.75]


def test_speedup_follows_event_time() -> None:
    assert times(Pace(speedup=60), [0, 60_000, 60_000, 150_000], FakeClock()) == [0, 1, 1, 2.5]


def test_without_a_pace_nothing_waits() -> None:
    clock = FakeClock()
    assert times(Pace(), [0, 10**9], clock) == [0, 0]
    assert clock.sleeps == []


def test_what_was_due_before_the_origin_comes_at_once() -> None:
    assert times(Pace(speedup=1, origin=10_000), [0, 9_999, 12_000], FakeClock()) == [0, 0, 2]


def test_an_interrupted_sleep_is_slept_to_its_end() -> None:
    clock = FakeClock(share_slept=0.3)
    assert times(Pace(speedup=1), [0, 5_000], clock) == [0, 5]
    assert max(clock.sleeps) <= LONGEST_SLEEP_SECONDS


def test_after_a_stall_it_catches_up() -> None:
    clock = FakeClock()
    seen = []
    for batch in paced([(0, n) for n in range(4)], Pace(rate=1), clock=clock, sleep=clock.sleep):
        seen.append((clock.now - 1000, batch))
        if batch == [0]:
            clock.now += 2.5
    assert seen == [(0, [0]), (2.5, [1, 2]), (3, [3])]


def test_what_is_due_together_comes_together_in_bounded_batches() -> None:
    clock = FakeClock()
    items = [(0, number) for number in range(2 * MOST_AT_ONCE + 1)] + [(5_000, -1)]
    batches = list(paced(items, Pace(speedup=1), clock=clock, sleep=clock.sleep))
    assert [len(batch) for batch in batches] == [MOST_AT_ONCE, MOST_AT_ONCE, 1, 1]
    assert [item for batch in batches for item in batch] == [item for _, item in items]


def test_a_stop_ends_a_long_wait() -> None:
    clock = FakeClock()
    found = list(
        paced(
            [(0, "now"), (10**9, "in 11 days")],
            Pace(speedup=1),
            clock=clock,
            sleep=clock.sleep,
            stopped=lambda: clock.now > 1003,
        )
    )
    assert found == [["now"]]
    assert clock.now < 1004


@given(st.lists(st.integers(0, 50)), st.integers(1, 8))
def test_trips_are_sorted_however_many_runs_it_takes(starts: list[int], run_trips: int) -> None:
    trips = [structs.replace(TRIP, start=start, key=str(number)) for number, start in enumerate(starts)]
    assert list(in_order_of_start(trips, run_trips=run_trips)) == sorted(trips, key=lambda trip: trip.start)


@given(st.lists(st.tuples(st.integers(0, 20), st.lists(st.integers(0, 20), min_size=1, max_size=5))))
def test_groups_are_merged_by_time_and_equal_times_keep_their_order(shape: list[tuple[int, list[int]]]) -> None:
    groups = [
        (earliest, [(earliest + offset, (number, index)) for index, offset in enumerate(offsets)])
        for number, (earliest, offsets) in enumerate(sorted(shape))
    ]
    everything = [item for _, items in groups for item in items]
    assert list(in_order_of_time(groups)) == sorted(everything, key=lambda item: item[0])


def test_merging_holds_only_what_is_not_due_yet() -> None:
    taken: list[int] = []

    def groups() -> Iterator[tuple[int, list[tuple[int, int]]]]:
        for number in range(1000):
            taken.append(number)
            yield number * 10, [(number * 10, number), (number * 10 + 15, number)]

    merged = in_order_of_time(groups())
    for _ in range(20):
        next(merged)
    assert len(taken) < 15
