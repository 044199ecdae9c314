"""A replay of small files: order, limits, rounds, and errors by file, line and column."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from msgspec import structs

from contracts.check import check
from contracts.errors import BadInputError
from contracts.event import LATEST_MILLISECONDS, EventType, PaymentType, TripEvent, VehicleState
from producer.intake import Intake
from producer.mapping import NameColumn, load_mapping
from producer.replay import replay
from tests.support.chicago_rows import ROW, row, write_csv

CHICAGO = load_mapping("chicago")


def events(*files: Path, **options: object) -> list[TripEvent]:
    return [event for _, event in replay(Intake(files, CHICAGO), **options)]  # type: ignore[arg-type]


def at(minutes: int, **changes: str) -> dict[str, str]:
    return row(trip_start_timestamp=str(1462556700 + minutes * 60), **changes)


def test_a_trip_walks_through_its_lifecycle(tmp_path: Path) -> None:
    found = events(write_csv(tmp_path / "trips.csv", [row()]))
    assert [event.event_types for event in found] == [
        [EventType.RESERVATION_START],
        [EventType.RESERVATION_STOP],
        [EventType.TRIP_START],
        [EventType.TRIP_STOP],
        [EventType.TRIP_END],
    ]
    assert [event.vehicle_state for event in found] == [
        VehicleState.RESERVED,
        VehicleState.STOPPED,
        VehicleState.ON_TRIP,
        VehicleState.STOPPED,
        VehicleState.AVAILABLE,
    ]
    # A street hail: reserved, reached and begun at one time and place.
    assert len({(event.timestamp, event.location) for event in found[:3]}) == 1
    assert {event.timestamp - found[0].timestamp for event in found[3:]} == {780_000}
    assert [event.fare is not None for event in found] == [False] * 4 + [True]
    assert [event.dropoff_area for event in found] == [None, None, None, 32, 32]
    assert all(event.publication_time == event.timestamp for event in found)
    assert len({event.event_id for event in found}) == 5
    assert len({(event.trip_id, event.service_date, event.provider_id) for event in found}) == 1


def test_the_same_file_gives_the_same_bytes_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    rows = [at(0), at(5, company=""), at(3)]
    one = events(write_csv(tmp_path / "trips.csv", rows))
    other = events(write_csv(tmp_path / "elsewhere" / "trips.csv", rows))
    assert msgspec.json.encode(one) == msgspec.json.encode(other)


def test_ids_stay_what_they_are(tmp_path: Path) -> None:
    """An upgrade that gave the same file other ids would double every trip."""
    found = events(write_csv(tmp_path / "data.csv", [row()]))
    assert found[0].trip_id == "f0cbdddf-ab58-511c-8ec8-4d34e5029841"
    assert found[0].event_id == "30091b4d-4cee-582e-bcba-6d4ff16caa30"


def test_a_company_without_name_is_one_stable_provider(tmp_path: Path) -> None:
    found = events(write_csv(tmp_path / "trips.csv", [at(0, company=""), at(1, company=""), at(2)]))
    providers = Counter((event.provider_name, event.provider_id) for event in found)
    assert sorted(providers.values()) == [5, 10]
    assert {event.vehicle_id for event in found} == {"unknown"}


def test_events_come_by_time_across_trips_and_files(tmp_path: Path) -> None:
    long_trip = at(0, trip_seconds="3600")
    one = write_csv(tmp_path / "one.csv", [at(30), long_trip])
    two = write_csv(tmp_path / "two.csv", [at(10), at(61)])
    found = events(one, two)
    assert [event.timestamp for event in found] == sorted(event.timestamp for event in found)
    assert Counter(event.trip_id for event in found).most_common()[-1][1] == 5
    end_of_long_trip = [index for index, event in enumerate(found) if event.duration == 3600]
    assert end_of_long_trip == [14]


def test_a_limit_takes_the_first_trips_of_the_files(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "one.csv", [at(3), at(2)])
    two = write_csv(tmp_path / "two.csv", [at(1), at(0)])
    everything = {event.event_id for event in events(one, two)}
    found = events(one, two, limit=3)
    assert len(found) == 15
    assert {event.event_id for event in found} < everything
    assert found[0].event_id == events(write_csv(tmp_path / "two.csv", [at(1)]))[0].event_id


def test_endless_rounds_have_new_ids_and_the_same_local_time_of_the_week(tmp_path: Path) -> None:
    # Winter and summer: the local hour must stay although the offset to UTC changes.
    winter = row(trip_start_timestamp=str(int(datetime(2016, 1, 5, 8, 15, tzinfo=UTC).timestamp())))
    summer = row(trip_start_timestamp=str(int(datetime(2016, 5, 6, 17, 45, tzinfo=UTC).timestamp())))
    found = events(write_csv(tmp_path / "trips.csv", [winter, summer]), endless=True, limit=6)
    assert len(found) == 30
    assert len({event.event_id for event in found}) == 30
    assert [event.timestamp for event in found] == sorted(event.timestamp for event in found)
    starts = [event for event in found if event.event_types == [EventType.RESERVATION_START]]
    local = [datetime.fromtimestamp(event.timestamp / 1000, CHICAGO.zone) for event in starts]
    assert [(each.weekday(), each.hour, each.minute) for each in local] == [(1, 8, 15), (4, 17, 45)] * 3
    assert [event.service_date for event in starts] == [each.date().isoformat() for each in local]
    assert local[2] > local[1]


def test_an_endless_replay_never_leaves_the_contract(tmp_path: Path) -> None:
    far = row(trip_start_timestamp=str(int(datetime(2080, 1, 5, tzinfo=UTC).timestamp())))
    near = row(trip_start_timestamp=str(int(datetime(2016, 1, 5, tzinfo=UTC).timestamp())))
    found = events(write_csv(tmp_path / "trips.csv", [near, far]), endless=True, limit=12)
    assert len({event.event_id for event in found}) == 60
    assert max(event.timestamp for event in found) < LATEST_MILLISECONDS
    assert all(isinstance(check(msgspec.json.encode(event)), TripEvent) for event in found)


def test_an_endless_replay_of_nothing_ends(tmp_path: Path) -> None:
    assert events(write_csv(tmp_path / "trips.csv", []), endless=True) == []


def test_parquet_gives_the_same_events_as_csv(tmp_path: Path) -> None:
    table_file = write_csv(tmp_path / "trips.csv", [at(0), at(1, company="", dropoff_community_area="")])
    expected = events(table_file)
    table = arrow_csv.read_csv(table_file)
    assert pa.types.is_floating(table.schema.field("fare").type)
    (tmp_path / "parquet").mkdir()
    parquet = tmp_path / "parquet" / "trips.parquet"
    pq.write_table(table, parquet)
    without_ids = [structs.replace(event, event_id="", trip_id="") for event in expected]
    found = [structs.replace(event, event_id="", trip_id="") for event in events(parquet)]
    assert found == without_ids


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"fare": "free"}, "fare"),
        ({"pickup_community_area": "0"}, "pickup_community_area"),
        ({"dropoff_latitude": "141.9"}, "dropoff_latitude"),
        ({"pickup_longitude": "-187.6"}, "pickup_longitude"),
        ({"trip_miles": "-1"}, "trip_miles"),
        ({"trip_seconds": "99999999"}, "trip_seconds"),
        ({"fare": "99999999.00"}, "fare"),
        ({"company": "x" * 256}, "company"),
        ({"trip_start_timestamp": "0"}, "trip_start_timestamp"),
    ],
)
def test_a_bad_row_is_named_by_file_line_and_column(tmp_path: Path, changes: dict[str, str], column: str) -> None:
    path = write_csv(tmp_path / "trips.csv", [at(0), row(**changes), at(1)])
    with pytest.raises(BadInputError) as caught:
        events(path)
    assert caught.value.where == f"{path}, line 3, column {column}"


def test_nothing_is_produced_before_the_whole_file_was_found_good(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "trips.csv", [at(0), at(1), row(fare="free")])
    with pytest.raises(BadInputError):
        next(replay(Intake([path], CHICAGO)))


def test_bad_rows_can_be_skipped_and_are_counted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "trips.csv", [at(0), row(fare="free"), at(1), row(trip_miles="far")])
    intake = Intake([path], CHICAGO, skip_bad_rows=True)
    assert len(list(replay(intake))) == 10
    assert (intake.skipped_rows, intake.trips_read) == (2, 2)
    assert len(list(replay(intake, endless=True, limit=6))) == 30
    assert intake.skipped_rows == 2, "counted once, however many rounds"


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        ("", "", "empty"),
        (",".join(name for name in ROW if name != "tips") + "\n", ", line 1, column tips", "lacks a column"),
        (",".join([*ROW, "fare"]) + "\n", ", line 1, column fare", "twice"),
        (",".join(ROW) + "\n" + ",".join(ROW.values()) + ",surplus\n", ", line 2", "19 fields, the header 18"),
        (",".join(ROW) + "\n" + "8,9.25\n", ", line 2", "2 fields, the header 18"),
        (",".join(ROW) + '\n"8\n', ", line 2", "not CSV"),
    ],
)
def test_a_file_that_is_no_trips_file_is_named_by_line(tmp_path: Path, content: str, where: str, what: str) -> None:
    path = tmp_path / "trips.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInputError, match=what) as caught:
        events(path)
    assert caught.value.where == f"{path}{where}"


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "trips.csv", [at(0, company="Flash\nCab"), at(1, fare="free")])
    with pytest.raises(BadInputError, match="line 2, column company"):
        events(path)
    path = write_csv(tmp_path / "trips.csv", [at(0, pickup_census_tract="a\nb"), at(1, fare="free")])
    with pytest.raises(BadInputError, match="line 4, column fare"):
        events(path)


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "trips.csv", [at(0), at(1)])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    assert len(events(path)) == 10


def test_bytes_that_are_not_utf8_are_named_by_their_cell(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "trips.csv", [at(0), at(1)])
    path.write_bytes(path.read_bytes().replace(b"Flash Cab", b"Caf\xe9 Cab", 1))
    with pytest.raises(BadInputError, match="line 2, column company"):
        events(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="No such file"):
        events(tmp_path / "missing.csv")
    with pytest.raises(BadInputError, match="Is a directory"):
        events(tmp_path)
    broken = tmp_path / "broken.parquet"
    broken.write_text("not parquet at all")
    with pytest.raises(BadInputError, match="not Parquet"):
        events(broken)


def test_two_files_of_one_name_are_refused_unless_trips_have_ids(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    files = [write_csv(tmp_path / "trips.csv", [at(0)]), write_csv(tmp_path / "b" / "trips.csv", [at(1)])]
    with pytest.raises(BadInputError, match="same name"):
        events(*files)
    mapping = structs.replace(CHICAGO, trip=NameColumn("trip_start_timestamp"))
    assert len(list(replay(Intake(files, mapping)))) == 10


OTHER_CITY = """
source = "gotham-cabs"
time_zone = "Europe/Berlin"
currency = "JPY"
minor_digits = 0

[start]
column = "picked_up"
format = "%d.%m.%Y %H:%M"

[end]
column = "dropped_off"
format = "%d.%m.%Y %H:%M"

[distance]
column = "km"
unit = "kilometres"

[fare]
base_fare = ["meter"]
extras = ["night", "luggage"]

[payment]
column = "paid"
otherwise = "unknown"
values = { "1" = "cash" }

[vehicle]
column = "plate"

[trip]
column = "id"
"""


def test_a_mapping_of_another_city_is_all_that_its_trips_need(tmp_path: Path) -> None:
    (tmp_path / "gotham.toml").write_text(OTHER_CITY, encoding="utf-8")
    rides = {
        "id": ["R1", "R2"],
        "picked_up": ["06.05.2016 23:50", "07.05.2016 00:10"],
        "dropped_off": ["07.05.2016 00:05", None],
        "km": [2.5, None],
        "meter": [900, 1200],
        "night": [100, None],
        "luggage": [50, 0],
        "paid": [1, 9],
        "plate": ["B-AT 1", "B-AT 2"],
        "not_needed": [b"\xff", None],
    }
    pq.write_table(pa.table(rides), tmp_path / "rides.parquet")
    mapping = load_mapping(str(tmp_path / "gotham.toml"))
    ends = {
        event.vehicle_id: event
        for _, event in replay(Intake([tmp_path / "rides.parquet"], mapping))
        if event.event_types == [EventType.TRIP_END]
    }
    one, two = ends["B-AT 1"], ends["B-AT 2"]
    assert one.timestamp == 1462572300000  # 2016-05-06T22:05Z
    assert (one.service_date, two.service_date) == ("2016-05-06", "2016-05-07")
    assert (one.duration, one.distance, two.duration, two.distance) == (900, 2500, None, None)
    assert one.fare
    assert two.fare
    assert (one.fare.currency, one.fare.total, one.fare.extras) == ("JPY", 1050, 150)
    assert (one.fare.payment_type, two.fare.payment_type) == (PaymentType.CASH, PaymentType.UNKNOWN)
    assert (one.location, one.pickup_area, one.provider_name) == (None, None, None)
