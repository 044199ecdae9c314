"""Put trip events into the lake as the consumer would, without Kafka."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from contracts.lake import connect
from contracts.settings import KafkaSettings, LakeSettings

VALID = Path(__file__).resolve().parents[2] / "contracts" / "examples" / "valid"
FARE_OF_A_TRIP = 1225


def trip_events(trips: int, *, first: int = 0) -> list[dict[str, Any]]:
    """Return a reservation and an end, of 12.25 USD, for each of the trips numbered from `first`."""
    start, end = (json.loads((VALID / f"{name}.json").read_text()) for name in ("reservation_start", "trip_end"))
    return [
        {**event, "trip_id": _id("trip", number), "event_id": _id(event["event_types"][0], number)}
        for number in range(first, first + trips)
        for event in (start, end)
    ]


def land(lake: LakeSettings, kafka: KafkaSettings, events: list[dict[str, Any]], *, arrived_at: str) -> None:
    """Append the events to two partitions and move their offsets, in one transaction; `arrived_at` is UTC."""
    with connect(lake, application="test") as connection:
        connection.execute("SELECT raw.ensure_day((%s::timestamptz AT TIME ZONE 'UTC')::date)", (arrived_at,))
        for partition, share in enumerate(_dealt(events, 2)):
            (first,) = connection.execute(
                "INSERT INTO raw.consumer_offset (topic, kafka_partition, next_offset) VALUES (%s, %s, %s) "
                "ON CONFLICT (topic, kafka_partition) DO UPDATE "
                "SET next_offset = raw.consumer_offset.next_offset + EXCLUDED.next_offset "
                "RETURNING next_offset - %s",
                (kafka.topic, partition, len(share), len(share)),
            ).fetchone() or (0,)
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO raw.trip_event "
                    "(topic, kafka_partition, kafka_offset, arrived_at, message_key, payload) "
                    "VALUES (%s, %s, %s, %s, %s, %s)",
                    [
                        (kafka.topic, partition, first + position, arrived_at, event["trip_id"], json.dumps(event))
                        for position, event in enumerate(share)
                    ],
                )


def _dealt(events: list[dict[str, Any]], hands: int) -> Iterator[list[dict[str, Any]]]:
    for hand in range(hands):
        yield list(islice(events, hand, None, hands))


def _id(kind: str, number: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"urn:tripline:test:{kind}:{number}"))
