"""The columns of an event on its way to BigQuery, once: for Arrow, for Parquet and for the staging tables."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

import pyarrow as pa
from google.cloud.bigquery import SchemaField

from contracts.check import Violation
from contracts.event import TripEvent

BigQueryType = Literal["STRING", "INT64", "FLOAT64", "DATE", "TIMESTAMP"]
Mode = Literal["REQUIRED", "NULLABLE", "REPEATED"]

_ARROW: dict[BigQueryType, pa.DataType] = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}
# What the values are before Arrow casts a whole column at once: ISO dates, microseconds since the epoch.
_READ_AS: dict[BigQueryType, pa.DataType] = {**_ARROW, "DATE": pa.string(), "TIMESTAMP": pa.int64()}


class Landed(NamedTuple):
    """One row of `raw.trip_event`; `arrived_at` in microseconds since the epoch, `payload` as JSON text."""

    topic: str
    kafka_partition: int
    kafka_offset: int
    arrived_at: int
    payload: bytes


class Accepted(NamedTuple):
    """A landed event that keeps the contract."""

    landed: Landed
    event: TripEvent


class Rejected(NamedTuple):
    """A landed event that breaks the contract, and the rule that it breaks."""

    landed: Landed
    violation: Violation


class ColumnOf(NamedTuple):
    """One column: how BigQuery calls it, and where an accepted or rejected event has its value."""

    name: str
    type: BigQueryType
    mode: Mode
    value: Callable[[Any], object]


def fingerprint(payload: bytes) -> int:
    """Return 64 bits of a hash of the content: two versions of one event are equal when theirs are."""
    return int.from_bytes(blake2b(payload, digest_size=8).digest(), "big", signed=True)


_COORDINATES = (
    ColumnOf("arrived_at", "TIMESTAMP", "REQUIRED", lambda row: row.landed.arrived_at),
    ColumnOf("kafka_topic", "STRING", "REQUIRED", lambda row: row.landed.topic),
    ColumnOf("kafka_partition", "INT64", "REQUIRED", lambda row: row.landed.kafka_partition),
    ColumnOf("kafka_offset", "INT64", "REQUIRED", lambda row: row.landed.kafka_offset),
)

ACCEPTED_COLUMNS = (
    ColumnOf("event_id", "STRING", "REQUIRED", lambda row: row.event.event_id),
    ColumnOf("service_date", "DATE", "REQUIRED", lambda row: row.event.service_date),
    ColumnOf("trip_id", "STRING", "REQUIRED", lambda row: row.event.trip_id),
    ColumnOf("event_types", "STRING", "REPEATED", lambda row: row.event.event_types),
    ColumnOf("vehicle_state", "STRING", "REQUIRED", lambda row: row.event.vehicle_state),
    ColumnOf("occurred_at", "TIMESTAMP", "REQUIRED", lambda row: row.event.timestamp * 1000),
    ColumnOf("published_at", "TIMESTAMP", "REQUIRED", lambda row: row.event.publication_time * 1000),
    ColumnOf("provider_id", "STRING", "REQUIRED", lambda row: row.event.provider_id),
    ColumnOf("provider_name", "STRING", "NULLABLE", lambda row: row.event.provider_name),
    ColumnOf("device_id", "STRING", "REQUIRED", lambda row: row.event.device_id),
    ColumnOf("vehicle_id", "STRING", "REQUIRED", lambda row: row.event.vehicle_id),
    ColumnOf("latitude", "FLOAT64", "NULLABLE", lambda row: row.event.location and row.event.location.lat),
    ColumnOf("longitude", "FLOAT64", "NULLABLE", lambda row: row.event.location and row.event.location.lng),
    ColumnOf("pickup_area", "INT64", "NULLABLE", lambda row: row.event.pickup_area),
    ColumnOf("dropoff_area", "INT64", "NULLABLE", lambda row: row.event.dropoff_area),
    ColumnOf("distance_metres", "INT64", "NULLABLE", lambda row: row.event.distance),
    ColumnOf("duration_seconds", "INT64", "NULLABLE", lambda row: row.event.duration),
    ColumnOf("currency", "STRING", "NULLABLE", lambda row: row.event.fare and row.event.fare.currency),
    ColumnOf("payment_type", "STRING", "NULLABLE", lambda row: row.event.fare and row.event.fare.payment_type),
    ColumnOf("base_fare", "INT64", "NULLABLE", lambda row: row.event.fare and row.event.fare.base_fare),
    ColumnOf("tolls", "INT64", "NULLABLE", lambda row: row.event.fare and row.event.fare.tolls),
    ColumnOf("extras", "INT64", "NULLABLE", lambda row: row.event.fare and row.event.fare.extras),
    ColumnOf("tip", "INT64", "NULLABLE", lambda row: row.event.fare and row.event.fare.tip),
    ColumnOf("total", "INT64", "NULLABLE", lambda row: row.event.fare and row.event.fare.total),
    ColumnOf("schema_version", "STRING", "REQUIRED", lambda row: row.event.schema_version),
    ColumnOf("fingerprint", "INT64", "REQUIRED", lambda row: fingerprint(row.landed.payload)),
    *_COORDINATES,
)

REJECTED_COLUMNS = (
    ColumnOf("reason", "STRING", "REQUIRED", lambda row: row.violation.reason),
    ColumnOf("field", "STRING", "REQUIRED", lambda row: row.violation.field),
    ColumnOf("payload", "STRING", "REQUIRED", lambda row: row.landed.payload),
    *_COORDINATES,
)


def arrow_schema(columns: Sequence[ColumnOf]) -> pa.Schema:
    """Return the schema of the Parquet file; what is required in BigQuery is required in the file."""
    return pa.schema(pa.field(each.name, _type(each), nullable=each.mode == "NULLABLE") for each in columns)


def bigquery_schema(columns: Sequence[ColumnOf]) -> list[SchemaField]:
    """Return the schema of the staging table."""
    return [SchemaField(each.name, each.type, mode=each.mode) for each in columns]


def record_batch(columns: Sequence[ColumnOf], rows: Sequence[Accepted] | Sequence[Rejected]) -> pa.RecordBatch:
    """Return the rows as one typed batch."""
    arrays = [_array(each, [each.value(row) for row in rows]) for each in columns]
    return pa.record_batch(arrays, schema=arrow_schema(columns))


def _array(column: ColumnOf, values: list[object]) -> pa.Array:
    if column.mode == "REPEATED":
        return pa.array(values, _type(column))
    return pa.array(values, _READ_AS[column.type]).cast(_ARROW[column.type])


def _type(column: ColumnOf) -> pa.DataType:
    element = _ARROW[column.type]
    return pa.list_(pa.field("element", element, nullable=False)) if column.mode == "REPEATED" else element
