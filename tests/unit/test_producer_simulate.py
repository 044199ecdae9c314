"""A simulated city: the same seed gives the same bytes, MDS allows every step, and the record tells the truth."""

import base64
import json
import tracemalloc
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime
from itertools import islice, takewhile
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from contracts.check import Violation, check
from contracts.errors import BadInputError
from contracts.event import EventType, TripEvent, VehicleState
from contracts.reasons import DeadLetterReason, RejectionReason
from producer.messages import encoder
from producer.simulate import breakage
from producer.simulate.city import City
from producer.simulate.demand import SHAPE, Demand
from producer.simulate.dirt import CLEAN, Dirt, DirtRates, Emission, parse_rates
from producer.simulate.geography import areas
from producer.simulate.ground_truth import recording, trip_record
from producer.simulate.plan import EVENTS_PER_TRIP, ZONE, CityPlan, trips_per_day_of
from producer.simulate.stream import emissions
from producer.states import TRANSITIONS

START = int(datetime(2025, 1, 6, tzinfo=ZONE).timestamp() * 1000)
PLAN = CityPlan(seed=7, start=START, trips_per_day=20_000)
FILTHY = DirtRates(0.05, 0.05, 0.02, 0.05, 0.2, 0.1, 0.1, 0.1)


def stream(plan: CityPlan = PLAN, rates: DirtRates = FILTHY, limit: int = 600) -> list[Emission]:
    return [emission for _, emission in emissions(plan, rates, limit=limit)]


def city_trips(plan: CityPlan = PLAN) -> Iterator[list[TripEvent]]:
    """The events of each trip, decoded."""
    for trip in City(plan).trips():
        yield [step.event for step in trip.steps]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert [each.value for each in stream()] == [each.value for each in stream()]


def test_another_seed_or_start_gives_other_ids() -> None:
    def ids(plan: CityPlan) -> set[str]:
        return {each.event.event_id for each in stream(plan, limit=50) if each.event}

    one = ids(PLAN)
    assert one.isdisjoint(ids(replace(PLAN, seed=8)))
    assert one.isdisjoint(ids(replace(PLAN, start=START + 1)))


def test_dirt_leaves_the_city_as_it_is() -> None:
    clean = {each.event.event_id for each in stream(rates=CLEAN) if each.event}
    dirty = {each.event.event_id for each in stream() if each.event}
    added = {each.event.event_id for each in stream() if each.event and {*each.dirt} & {Dirt.CORRECTED, Dirt.VOIDED}}
    assert dirty - added == clean


def test_a_clean_city_keeps_the_contract_and_comes_in_order() -> None:
    found = stream(rates=CLEAN)
    assert all(check(each.value) == each.event for each in found)
    assert all(encoder.encode(each.event) == each.value for each in found), "not the contract's own bytes"
    assert all(not each.dirt for each in found)
    published = [each.event.publication_time for each in found if each.event]
    assert published == sorted(published)
    assert len(published) == len(found)


def test_every_vehicle_walks_the_mds_states() -> None:
    by_vehicle: dict[str, list[TripEvent]] = {}
    for trip in islice(city_trips(), 3_000):
        for event in trip:
            by_vehicle.setdefault(event.device_id, []).append(event)
    for events in by_vehicle.values():
        state = VehicleState.AVAILABLE
        assert [event.timestamp for event in events] == sorted(event.timestamp for event in events)
        for event in events:
            state = TRANSITIONS[state, event.event_types[0]]
            assert event.vehicle_state is state
        assert state is VehicleState.AVAILABLE


def test_trips_are_plausible() -> None:
    trips = list(islice(city_trips(), 5_000))
    last = Counter(trip[-1].event_types[0] for trip in trips)
    assert 0.85 < last[EventType.TRIP_END] / len(trips) < 0.95
    assert all(last[kind] > 20 for kind in EventType if kind.value.endswith("_cancellation"))
    ends = [trip[-1] for trip in trips if trip[-1].fare]
    assert sum(map(len, trips)) / len(trips) == pytest.approx(EVENTS_PER_TRIP, rel=0.05)
    for end in ends:
        assert end.fare
        assert end.distance
        assert end.duration
        assert 5 < end.distance / end.duration * 3.6 < 60
        assert end.fare.total < 20_000
    assert {end.dropoff_area for end in ends} <= set(range(1, 78))
    assert Counter(end.pickup_area for end in ends).most_common(1)[0][0] == 8


def test_the_city_has_all_77_areas_near_chicago() -> None:
    assert [area.number for area in areas()] == list(range(1, 78))
    assert all(41.6 < area.latitude < 42.05 and -87.95 < area.longitude < -87.5 for area in areas())


def test_demand_follows_the_local_hour_and_keeps_its_mean() -> None:
    week = 7 * 86_400_000
    demand = Demand(START, 20_000, ZONE)
    assert demand.wanted_until(START + week) == pytest.approx(140_000)
    found = [demand.moment_of(number) for number in range(140_000)]
    assert found == sorted(found)
    assert found[0] == START
    assert found[-1] < START + week
    hours = Counter(
        datetime.fromtimestamp(moment / 1000, ZONE).hour for moment in found if moment < START + week * 5 / 7
    )
    assert hours[18] / hours[3] == pytest.approx(SHAPE[18] / SHAPE[3], rel=0.1)


def test_moments_and_counts_of_demand_agree() -> None:
    demand = Demand(START + 1_234_567, 77_777, ZONE)
    for count in (0, 0.5, 17, 99_999.25):
        assert demand.wanted_until(demand.moment_of(count)) == pytest.approx(count, abs=0.01)


def test_a_living_city_is_smooth_from_its_first_second_and_reports_nothing_of_before() -> None:
    rate = 60
    plan = CityPlan(seed=7, start=START, trips_per_day=trips_per_day_of(rate), already_running=True)
    seconds = Counter[int]()
    for due, emission in emissions(plan, CLEAN):
        if due >= START + 6_000:
            break
        assert emission.event
        assert emission.event.publication_time == due >= START
        assert emission.event.timestamp > START - 3_000
        seconds[(due - START) // 1000] += 1
    # Its trips began in the last hour of Sunday and in the first of Monday.
    assert min(seconds.values()) > rate * SHAPE[0]
    assert max(seconds.values()) < rate * SHAPE[-1] * 1.2


def test_a_living_city_that_is_heard_of_again_is_the_same_city() -> None:
    plan = CityPlan(seed=7, start=START, trips_per_day=50_000, already_running=True)
    later = replace(plan, start=START + 60_000)

    def minute(of: CityPlan) -> list[Emission]:
        due = (each for each in emissions(of, CLEAN) if each[0] >= later.start)
        return [each[1] for each in takewhile(lambda each: each[0] < later.start + 60_000, due)]

    assert [each.value for each in minute(plan)] == [each.value for each in minute(later)]


def test_trips_under_way_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producer.simulate.stream.REMEMBERED_TRIPS", 200)
    plan = CityPlan(seed=7, start=START, trips_per_day=trips_per_day_of(100))
    stream = emissions(plan, FILTHY)
    next(stream)
    tracemalloc.start()
    deque(islice(stream, 3_000), maxlen=0)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # More than two thousand trips are under way then, each with some kilobytes of events to come.
    assert grown < 4 * 2**20, grown


@pytest.mark.parametrize("reason", [*breakage._BYTES, *breakage._DOCUMENTS])
def test_each_way_to_break_an_event_breaks_it_so(reason: DeadLetterReason | RejectionReason) -> None:
    event = next(each.event for each in stream(rates=CLEAN, limit=1) if each.event)

    class Fixed(Random):
        def choice(self, seq: Any) -> Any:
            return reason if reason in seq else super().choice(seq)

    broken = breakage.break_event(event, Fixed())
    assert broken.reason is reason
    if isinstance(reason, RejectionReason):
        found = check(broken.value)
        assert isinstance(found, Violation)
        assert found.reason is reason
    else:
        assert broken.value != msgspec.json.encode(event)
        assert broken.value == b"" or b"odometer" in broken.value or not is_event(broken.value)


def is_event(value: bytes) -> bool:
    try:
        document = json.loads(value)
    except ValueError:
        return False
    return "\x00" not in document["vehicle_id"] and "extra" not in document


def test_every_reason_that_a_message_can_have_is_broken_for() -> None:
    not_by_a_producer = {
        DeadLetterReason.TOO_LARGE,
        DeadLetterReason.REFUSED_BY_LAKE,
        DeadLetterReason.ALREADY_REPLAYED,
    }
    assert {*breakage._BYTES, *breakage._DOCUMENTS} == {*DeadLetterReason, *RejectionReason} - not_by_a_producer


def test_each_dirt_does_what_its_name_says() -> None:
    clean = {each.event.event_id: each for each in stream(rates=CLEAN) if each.event}
    found = stream()
    first_of: dict[str, Emission] = {}
    position = {}
    for number, each in enumerate(found):
        if each.event and each.event.event_id not in first_of:
            first_of[each.event.event_id] = each
            position[each.event.event_id] = number
    for each in found:
        event = each.event
        if event is None:
            assert each.dirt == (Dirt.MALFORMED,)
            assert each.reason
            continue
        pure = clean[event.event_id].event if event.event_id in clean else None
        if Dirt.DUPLICATED in each.dirt:
            assert each.value == first_of[event.event_id].value or event.event_types == [EventType.TRIP_END]
            assert each is not first_of[event.event_id]
        if Dirt.CONFLICTING in each.dirt:
            assert pure
            assert event.fare
            assert pure.fare
            assert event.fare != pure.fare
        if Dirt.LATE in each.dirt:
            assert pure
            assert event.publication_time - pure.publication_time >= 60_000
        if Dirt.CLOCK_SKEWED in each.dirt:
            assert pure
            assert 5 * 60_000 <= abs(event.timestamp - pure.timestamp) <= 45 * 60_000
        if {Dirt.CORRECTED, Dirt.VOIDED} & {*each.dirt}:
            assert pure is None
            assert event.event_types[0] in {EventType.FARE_ADJUSTED, EventType.TRIP_VOIDED}
        assert isinstance(check(each.value), TripEvent)
    assert out_of_order_pairs(found, clean, position) > 10
    assert {name for each in found for name in each.dirt} == set(Dirt)


def out_of_order_pairs(found: list[Emission], clean: dict[str, Emission], position: dict[str, int]) -> int:
    order = list(clean)
    following = {}
    for one in order:
        trip = clean[one].key
        following[one] = next((o for o in order[order.index(one) + 1 :] if clean[o].key == trip), None)
    pairs = 0
    for each in found:
        if each.event and Dirt.OUT_OF_ORDER in each.dirt and Dirt.DUPLICATED not in each.dirt:
            successor = following[each.event.event_id]
            if successor and position[successor] < position[each.event.event_id]:
                pairs += 1
    return pairs


def test_dirt_comes_as_often_as_asked() -> None:
    rates = DirtRates(**{each.name: 0.1 for each in fields(DirtRates)})
    found = stream(rates=rates, limit=3_000)
    counts = Counter(name for each in found for name in set(each.dirt))
    events = len(stream(rates=CLEAN, limit=3_000))
    ends = sum(each.event is not None and each.event.fare is not None for each in stream(rates=CLEAN, limit=3_000))
    assert counts[Dirt.DUPLICATED] == pytest.approx(events * 0.1, rel=0.15)
    assert counts[Dirt.MALFORMED] == pytest.approx(events * 0.1, rel=0.15)
    assert counts[Dirt.CORRECTED] == pytest.approx(ends * 0.1, rel=0.2)
    assert counts[Dirt.VOIDED] == pytest.approx(ends * 0.1, rel=0.2)
    assert counts[Dirt.CONFLICTING] == pytest.approx(ends * 0.1, rel=0.2)


def test_the_ground_truth_counts_what_was_emitted(tmp_path: Path) -> None:
    found = stream()
    path = tmp_path / "truth.jsonl"
    with recording(path) as record:
        for emission in found:
            record(emission)
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    messages = [each for each in records if each["record"] == "message"]
    assert [base64.b64decode(each["value"]) for each in messages] == [each.value for each in found]
    (totals,) = (each for each in records if each["record"] == "totals")
    assert totals["messages"] == len(found)
    assert totals["dirt"] == Counter(str(name) for each in found for name in each.dirt)
    reasons = Counter(str(each.reason) for each in found if each.reason)
    assert totals["rejected"] | totals["dead_letters"] == reasons
    assert set(totals["dead_letters"]) <= set(DeadLetterReason)
    assert totals["valid_events"] == len({each.event.event_id for each in found if each.event})
    trips = [each for each in records if each["record"] == "trip"]
    assert totals["trips"] == len(trips) == 600
    assert totals["revenue_minor_units"] == sum(each["revenue_minor_units"] for each in trips)
    assert totals["voided"] == reasons_of(found, Dirt.VOIDED)


def reasons_of(found: list[Emission], dirt: Dirt) -> int:
    return sum(dirt in each.dirt for each in found)


def test_the_ground_truth_is_complete_also_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    first = stream()[0]

    def interrupted() -> None:
        with recording(path) as record:
            record(first)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [json.loads(line)["record"] for line in path.read_bytes().splitlines()] == ["message", "trip", "totals"]


def test_a_ground_truth_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="nowhere"), recording(tmp_path / "nowhere" / "truth.jsonl"):
        pass


def completed_trip() -> list[TripEvent]:
    return next(trip for trip in city_trips() if trip[-1].fare)


def test_a_trip_is_what_its_newest_events_say() -> None:
    events = completed_trip()
    end = events[-1]
    assert end.fare
    found = trip_record(events)
    assert (found.outcome, found.voided, found.events) == ("completed", False, 5)
    assert (found.distance, found.duration, found.revenue_minor_units) == (end.distance, end.duration, end.fare.total)
    assert [found.reserved_at, found.started_at, found.stopped_at, found.ended_at] == [
        events[index].timestamp for index in (0, 2, 3, 4)
    ]
    dearer = msgspec.structs.replace(end.fare, total=end.fare.total + 100, extras=end.fare.extras + 100)
    adjusted = msgspec.structs.replace(
        end, event_id="1", event_types=[EventType.FARE_ADJUSTED], fare=dearer, distance=None
    )
    found = trip_record([*events, adjusted])
    assert (found.revenue_minor_units, found.distance) == (dearer.total, end.distance)
    voided = msgspec.structs.replace(end, event_id="2", event_types=[EventType.TRIP_VOIDED], fare=None)
    found = trip_record([*events, adjusted, voided])
    assert (found.outcome, found.voided, found.revenue_minor_units) == ("completed", True, 0)
    assert trip_record(events[:3]).outcome == "under_way"


def test_dirt_is_chosen_by_name() -> None:
    assert parse_rates([]) == DirtRates()
    assert parse_rates(["late=0.5"]) == DirtRates(late=0.5)
    assert parse_rates(["none", "voided=1"]) == replace(CLEAN, voided=1.0)


@pytest.mark.parametrize("option", ["mud=0.1", "late", "late=often", "late=1.5", "late=-0.1", "late=nan"])
def test_a_wrong_dirt_option_is_named(option: str) -> None:
    with pytest.raises(BadInputError, match=f"--dirt {option}"):
        parse_rates([option])
