"""The transaction that lands a batch: the fence alone keeps a zombie out, and a refused value takes nobody along."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from consumer.batch import Batch, DeadLetter, Move, Record
from consumer.copy_format import pack_rows
from consumer.days import close_day, is_closed, read_days
from consumer.gate import Refusal
from consumer.isolation import land_isolating
from consumer.landing import FencedError, Lake
from consumer.migrate import migrate
from contracts.errors import FatalError, PoisonError, TransientError
from contracts.lake import connect
from contracts.reasons import DeadLetterReason
from contracts.settings import LakeSettings
from contracts.sql import load_sql

TOPIC = "trips"
NOON = 1_714_564_800_000
DAY = 86_400_000

MakeLake = Callable[[], Lake]


@pytest.fixture
def migrated(lake_settings: LakeSettings) -> LakeSettings:
    migrate(lake_settings)
    return lake_settings


@pytest.fixture
def make_lake(migrated: LakeSettings) -> Iterator[MakeLake]:
    """A factory of consumers' connections; partitions 0 and 1 begin at 0."""
    lakes: list[Lake] = []

    def make() -> Lake:
        lakes.append(Lake(migrated, TOPIC, 10))
        return lakes[-1]

    for partition in (0, 1):
        make().register(partition, 0)
    yield make
    for lake in lakes:
        lake.disconnect()


def record(offset: int, partition: int = 0, value: bytes = b"{}", arrived_at: int = NOON) -> Record:
    return Record(partition, offset, arrived_at, b"key", value, None)


def batch(start: int, end: int, partition: int = 0) -> Batch:
    return Batch([record(offset, partition) for offset in range(start, end)], [], {partition: Move(start, end)})


def query(lake: LakeSettings, statement: str) -> list[Any]:
    with connect(lake, application="test") as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def landed(lake: LakeSettings) -> list[tuple[int, int]]:
    return query(lake, "SELECT kafka_partition, kafka_offset FROM raw.trip_event ORDER BY 1, 2")


@pytest.fixture(params=["with the unique key", "without the unique key"])
def key(request: pytest.FixtureRequest, migrated: LakeSettings) -> str:
    if request.param == "without the unique key":
        query(migrated, "ALTER TABLE raw.trip_event DROP CONSTRAINT trip_event_coordinates")
    return str(request.param)


@pytest.mark.usefixtures("key")
def test_a_zombie_that_comes_later_lands_nothing(make_lake: MakeLake, migrated: LakeSettings) -> None:
    owner, zombie = make_lake(), make_lake()
    assert zombie.offsets() == {0: 0, 1: 0}
    owner.land(batch(0, 5))
    with pytest.raises(FencedError):
        zombie.land(batch(0, 5))
    with pytest.raises(FencedError):
        zombie.land(batch(0, 8))
    assert landed(migrated) == [(0, offset) for offset in range(5)]
    assert zombie.offsets() == {0: 5, 1: 0}
    zombie.land(batch(5, 8))
    assert landed(migrated) == [(0, offset) for offset in range(8)]


@pytest.mark.usefixtures("key")
def test_of_many_that_land_the_same_offsets_at_once_one_does(make_lake: MakeLake, migrated: LakeSettings) -> None:
    contenders = 6
    lakes = [make_lake() for _ in range(contenders)]
    barrier = Barrier(contenders)

    def land(lake: Lake) -> bool:
        lake.offsets()
        barrier.wait()
        try:
            lake.land(batch(0, 500))
        except FencedError:
            return False
        return True

    with ThreadPoolExecutor(contenders) as threads:
        won = list(threads.map(land, lakes))
    assert sum(won) == 1
    assert landed(migrated) == [(0, offset) for offset in range(500)]


class Unfenced(Lake):
    """A lake that moves the offsets wherever they stand: nothing but the unique keys is left to keep a zombie out."""

    def _advance(self, connection: Connection[TupleRow], batch: Batch) -> None:
        ends = {partition: move.end for partition, move in batch.moves.items()}
        for partition, end in ends.items():
            connection.execute(
                "UPDATE raw.consumer_offset SET next_offset = %s WHERE topic = %s AND kafka_partition = %s",
                (end, TOPIC, partition),
            )


def test_the_key_alone_lets_nothing_land_twice(make_lake: MakeLake, migrated: LakeSettings) -> None:
    letter = DeadLetter(record(0, partition=1), Refusal(DeadLetterReason.NOT_JSON, "not JSON"))
    dead = Batch([], [letter], {1: Move(0, 1)})
    owner, zombie = make_lake(), Unfenced(migrated, TOPIC, 10)
    owner.land(batch(0, 5))
    owner.land(dead)
    for again in (batch(0, 5), batch(4, 8), dead):
        with pytest.raises(FatalError, match="in the lake already"):
            zombie.land(again)
    zombie.disconnect()
    assert owner.offsets() == {0: 5, 1: 1}, "the zombie's move went back with its rows"
    assert landed(migrated) == [(0, offset) for offset in range(5)]
    assert query(migrated, "SELECT count(*) FROM raw.dead_letter") == [(1,)]


def test_what_is_not_committed_is_in_nobodys_window(make_lake: MakeLake, migrated: LakeSettings) -> None:
    """A window ends where the offsets stand: a slow landing cannot slip rows behind it."""
    witness = make_lake()
    with connect(migrated, application="slow") as slow:
        Unfenced(migrated, TOPIC, 10)._advance(slow, batch(0, 5))
        slow.execute("SELECT raw.ensure_day('2024-05-01')")
        with slow.cursor().copy(load_sql("postgres/queries/copy_trip_events")) as copy:
            copy.write(pack_rows(TOPIC, batch(0, 5).records))
        assert witness.offsets()[0] == 0
        assert landed(migrated) == []
        slow.commit()
        assert witness.offsets()[0] == len(landed(migrated)) == 5


@pytest.mark.usefixtures("key")
def test_one_fenced_partition_holds_back_the_whole_batch(make_lake: MakeLake, migrated: LakeSettings) -> None:
    lake = make_lake()
    lake.land(batch(0, 3, partition=1))
    both = Batch([record(0), record(0, 1)], [], {0: Move(0, 1), 1: Move(0, 1)})
    with pytest.raises(FencedError):
        make_lake().land(both)
    assert lake.offsets() == {0: 0, 1: 3}
    assert landed(migrated) == [(1, 0), (1, 1), (1, 2)]


def test_the_first_to_see_a_partition_says_where_it_begins(make_lake: MakeLake) -> None:
    make_lake().register(2, 17)
    make_lake().register(2, 40)
    assert make_lake().offsets()[2] == 17


def test_offsets_moved_backwards_by_hand_are_named_and_double_nothing(
    make_lake: MakeLake, migrated: LakeSettings
) -> None:
    lake = make_lake()
    lake.land(batch(0, 5))
    query(migrated, "UPDATE raw.consumer_offset SET next_offset = 0")
    with pytest.raises(FatalError, match="moved backwards"):
        list(land_isolating(lake, batch(0, 5)))
    assert len(landed(migrated)) == 5
    assert query(migrated, "SELECT count(*) FROM raw.dead_letter") == [(0,)]


@pytest.mark.parametrize("poison", [{57}, {3, 4, 77, 99}, set(range(0, 100, 2)), set(range(100))], ids=len)
def test_only_the_values_that_postgres_refuses_become_dead_letters(
    make_lake: MakeLake, migrated: LakeSettings, poison: set[int]
) -> None:
    records = [record(offset, value=b'"\\u0000"' if offset in poison else b"{}") for offset in range(100)]
    letter = DeadLetter(record(100, value=b"x"), Refusal(DeadLetterReason.NOT_JSON, "not JSON"))
    whole = Batch(records, [letter], {0: Move(0, 103)})
    with pytest.raises(PoisonError):
        make_lake().land(whole)
    assert landed(migrated) == []
    lake = make_lake()
    parts = list(land_isolating(lake, whole))
    assert [part.moves[0].start for part in parts] == [0, *(part.moves[0].end for part in parts[:-1])]
    assert lake.offsets()[0] == 103
    assert landed(migrated) == [(0, offset) for offset in range(100) if offset not in poison]
    dead = query(migrated, "SELECT kafka_offset, reason, message_value, error FROM raw.dead_letter ORDER BY 1")
    assert [row[0] for row in dead] == [*sorted(poison), 100]
    assert {row[1:] for row in dead[:-1]} == {
        ("refused_by_lake", b'"\\u0000"', "Postgres refused a value (SQLSTATE 22P05)")
    }


@pytest.mark.parametrize("rows", [1, 2])
def test_a_partition_dropped_behind_the_consumers_back_is_made_again(
    make_lake: MakeLake, migrated: LakeSettings, rows: int
) -> None:
    lake = make_lake()
    lake.land(batch(0, 2))
    query(migrated, "DROP TABLE raw.trip_event_20240501")
    with pytest.raises(TransientError, match="partition of a day"):
        list(land_isolating(lake, batch(2, 2 + rows)))
    list(land_isolating(lake, batch(2, 2 + rows)))
    assert landed(migrated) == [(0, offset) for offset in range(2, 2 + rows)]
    assert query(migrated, "SELECT count(*) FROM raw.dead_letter") == [(0,)], "nothing is wrong with the rows"


def test_a_row_that_a_constraint_of_the_user_refuses_is_set_aside_alone(
    make_lake: MakeLake, migrated: LakeSettings
) -> None:
    query(migrated, "ALTER TABLE raw.trip_event ADD CONSTRAINT even CHECK (kafka_offset % 2 = 0)")
    list(land_isolating(make_lake(), batch(0, 4)))
    assert landed(migrated) == [(0, 0), (0, 2)]
    assert query(migrated, "SELECT kafka_offset FROM raw.dead_letter ORDER BY 1") == [(1,), (3,)]


def test_a_batch_over_midnight_lands_in_two_days(make_lake: MakeLake, migrated: LakeSettings) -> None:
    midnight = NOON + DAY // 2
    records = [record(0, arrived_at=midnight - 1), record(1, arrived_at=midnight)]
    make_lake().land(Batch(records, [], {0: Move(0, 2)}))
    days = query(migrated, "SELECT tableoid::regclass::text, arrived_at::text FROM raw.trip_event ORDER BY arrived_at")
    assert days == [
        ("raw.trip_event_20240501", "2024-05-01 23:59:59.999+00"),
        ("raw.trip_event_20240502", "2024-05-02 00:00:00+00"),
    ]


def test_many_sessions_make_the_same_day_at_once(make_lake: MakeLake, migrated: LakeSettings) -> None:
    barrier = Barrier(8)

    def make(_: int) -> None:
        with connect(migrated, application="test", autocommit=True) as connection:
            barrier.wait()
            connection.execute("SELECT raw.ensure_day('2024-02-29')")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(make, range(8)))
    assert query(migrated, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'raw.trip_event'::regclass") == [(1,)]


@pytest.mark.parametrize("day", ["2019-12-31", "2100-01-01", "infinity", "-infinity", None])
def test_no_partition_for_a_day_that_cannot_be(migrated: LakeSettings, day: str | None) -> None:
    with connect(migrated, application="test") as connection, pytest.raises(psycopg.errors.DatetimeFieldOverflow):
        connection.execute("SELECT raw.ensure_day(%s)", (day,))


def test_closed_days_are_indexed_once_and_the_index_is_used(make_lake: MakeLake, migrated: LakeSettings) -> None:
    lake = make_lake()
    rows = [record(n, value=b'{"trip_id": "%d"}' % n, arrived_at=NOON + (n % 2) * DAY) for n in range(4_000)]
    lake.land(Batch(rows, [], {0: Move(0, 4_000)}))
    with connect(migrated, application="test", autocommit=True) as connection:
        first, _ = read_days(connection)
        assert not is_closed(connection, first)
        close_day(connection, first)
        close_day(connection, first)
        assert is_closed(connection, first)
    plan = query(
        migrated, "EXPLAIN SELECT * FROM lake.trip_event WHERE trip_id = '8' AND arrived_at < '2024-05-02 00:00:00+00'"
    )
    assert "trip_event_20240501_trip_id" in str(plan)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
numbers = st.integers(0, 2**63 - 2)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 2**31 - 1),
            numbers,
            st.integers(1_577_836_800_000, 4_102_444_799_999),
            st.none() | texts,
            st.recursive(st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts, st.lists, max_leaves=5),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_binary_rows_say_what_the_records_say(migrated: LakeSettings, rows: list[Any]) -> None:
    """Into a real COPY of a table of the same columns, and back by SELECT."""
    records = [
        Record(part, offset, at, None if key is None else key.encode(), json.dumps(value).encode(), None)
        for part, offset, at, key, value in rows
    ]
    with connect(migrated, application="test") as connection:
        connection.execute("CREATE TEMP TABLE copied (LIKE raw.trip_event) ON COMMIT DROP")
        connection.execute("ALTER TABLE copied DROP COLUMN landed_at")
        with connection.cursor().copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
            copy.write(pack_rows("tøpic", records))
        stored = connection.execute("SELECT * FROM copied").fetchall()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert stored == [
        ("tøpic", part, offset, epoch + timedelta(milliseconds=at), key, value) for part, offset, at, key, value in rows
    ]
