"""What is kept of a message that cannot land: its coordinates, its bytes, its headers, and why."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from consumer.batch import DeadLetter, Headers


def rows(topic: str, letters: Iterable[DeadLetter]) -> list[dict[str, Any]]:
    """Return the rows of `raw.dead_letter`, as parameters of `insert_dead_letter`."""
    return [
        {
            "topic": topic,
            "partition": record.partition,
            "offset": record.offset,
            "arrived_at": datetime.fromtimestamp(record.arrived_at / 1000, UTC),
            "reason": refusal.reason.value,
            "error": refusal.error,
            "key": record.key,
            "value": record.value,
            "headers": Jsonb(encode_headers(record.headers)),
        }
        for record, refusal in letters
    ]


def encode_headers(headers: Headers | None) -> list[dict[str, str | None]]:
    """Return headers as JSON, in order; values, which may be any bytes, in base64."""
    return [
        {"name": name, "value": None if value is None else b64encode(value).decode()} for name, value in headers or ()
    ]
