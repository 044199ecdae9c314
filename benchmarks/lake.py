"""A lake full of events of the simulated city, as the consumer would have landed them, without Kafka."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from zlib import crc32

from psycopg import Connection
from psycopg.rows import TupleRow

from consumer.batch import Record
from consumer.copy_format import pack_rows
from consumer.migrate import migrate
from contracts.lake import connect
from contracts.settings import LakeSettings
from contracts.sql import load_sql
from producer.simulate.dirt import DirtRates
from producer.simulate.plan import CityPlan, parse_start
from producer.simulate.stream import emissions

TOPIC = "trips.events.v1"
PARTITIONS = 6
TRIPS_PER_DAY = 20_000
ARRIVAL_DAY = date(2026, 1, 1)
ARRIVAL_MILLISECONDS = 1_767_225_600_000
BATCH_ROWS = 20_000


Messages = Iterator[tuple[bytes, bytes]]
"""Keys and values, as they stand in Kafka."""


def messages(first_day: str, seed: int = 1) -> Messages:
    """Yield key and value of a city's events, with late, repeated, conflicting and corrected ones among them.

    None is malformed: the SQL of a pandas frame would stop at the first.
    """
    plan = CityPlan(seed=seed, start=parse_start(first_day), trips_per_day=TRIPS_PER_DAY)
    for _due, emission in emissions(plan, DirtRates(malformed=0)):
        yield emission.key.encode(), emission.value


def prepare(lake: LakeSettings) -> None:
    """Make the lake's schemas in an empty database."""
    migrate(lake)


def land(lake: LakeSettings, events: Messages, count: int, advance: Callable[[int], None]) -> None:
    """Append `count` events to the lake, each trip in one of PARTITIONS partitions, and move the offsets."""
    with connect(lake, application="benchmark") as connection:
        connection.execute("SELECT raw.ensure_day(%s)", (ARRIVAL_DAY,))
        next_offsets = _next_offsets(connection)
        left = count
        while left:
            batch = list(_numbered(islice(events, min(left, BATCH_ROWS)), next_offsets))
            with connection.cursor() as cursor, cursor.copy(load_sql("postgres/queries/copy_trip_events")) as copy:
                copy.write(pack_rows(TOPIC, batch))
            left -= len(batch)
            advance(len(batch))
        for partition, offset in enumerate(next_offsets):
            connection.execute(load_sql("postgres/benchmarks/set_offset"), (TOPIC, partition, offset))
    with connect(lake, application="benchmark", autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE raw.trip_event")


def _next_offsets(connection: Connection[TupleRow]) -> list[int]:
    found: dict[int, int] = dict(
        connection.execute(load_sql("postgres/queries/select_offsets"), {"topic": TOPIC}).fetchall()
    )
    return [found.get(partition, 0) for partition in range(PARTITIONS)]


def _numbered(events: Messages, next_offsets: list[int]) -> Iterator[Record]:
    """Give each event the next offset of its trip's partition; all arrive within one day."""
    for key, value in events:
        partition = crc32(key) % PARTITIONS
        offset = next_offsets[partition]
        next_offsets[partition] += 1
        yield Record(partition, offset, ARRIVAL_MILLISECONDS + offset, key, value, None)
