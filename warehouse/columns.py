"""The columns of an event on its way to BigQuery, once: for Arrow, for Parquet and for the staging tables."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import chain, compress
from struct import unpack
from typing import Any, Literal, NamedTuple, TypeVar

import pyarrow as pa

from contracts.check import Violation
from warehouse.documents import read_documents

BigQueryType = Literal["STRING", "INT64", "FLOAT64", "DATE", "TIMESTAMP"]
Mode = Literal["REQUIRED", "NULLABLE", "REPEATED"]

_ARROW: dict[BigQueryType, pa.DataType] = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}
ISO_DATE = pa.string()
MILLISECONDS = pa.timestamp("ms", tz="UTC")


class Landed(NamedTuple):
    """Rows of `raw.trip_event`, column by column.

    `arrived_at` is in microseconds since the epoch, `payload` is JSON text.
    """

    topic: Sequence[str]
    kafka_partition: Sequence[int]
    kafka_offset: Sequence[int]
    arrived_at: Sequence[int]
    payload: Sequence[bytes]

    @property
    def fingerprint(self) -> Sequence[int]:
        """64 bits of a hash of each payload: two versions of one event are equal when theirs are."""
        digests = b"".join(blake2b(each, digest_size=8).digest() for each in self.payload)
        return unpack(f">{len(self.payload)}q", digests)

    def only(self, keep: Iterable[bool]) -> "Landed":
        """Return the rows beside which `keep` is true."""
        keep = list(keep)
        return Landed._make(list(compress(column, keep)) for column in self)


class Accepted(NamedTuple):
    """Rows that keep the contract."""

    landed: Landed


class Rejected(NamedTuple):
    """Rows that break the contract, and the rule that each breaks."""

    landed: Landed
    violation: Sequence[Violation]


Rows = TypeVar("Rows", Accepted, Rejected)


class ColumnOf(NamedTuple):
    """One column: how BigQuery calls it, and the path to its value in `Accepted` or `Rejected`.

    `read_as` is the Arrow type of these values, where it is not that of the column.
    """

    name: str
    type: BigQueryType
    mode: Mode
    path: str
    read_as: pa.DataType | None = None


_COORDINATES = (
    ColumnOf("arrived_at", "TIMESTAMP", "REQUIRED", "landed.arrived_at"),
    ColumnOf("kafka_topic", "STRING", "REQUIRED", "landed.topic"),
    ColumnOf("kafka_partition", "INT64", "REQUIRED", "landed.kafka_partition"),
    ColumnOf("kafka_offset", "INT64", "REQUIRED", "landed.kafka_offset"),
)

ACCEPTED_COLUMNS = (
    ColumnOf("event_id", "STRING", "REQUIRED", "event.event_id"),
    ColumnOf("service_date", "DATE", "REQUIRED", "event.service_date", ISO_DATE),
    ColumnOf("trip_id", "STRING", "REQUIRED", "event.trip_id"),
    ColumnOf("event_types", "STRING", "REPEATED", "event.event_types"),
    ColumnOf("vehicle_state", "STRING", "REQUIRED", "event.vehicle_state"),
    ColumnOf("occurred_at", "TIMESTAMP", "REQUIRED", "event.timestamp", MILLISECONDS),
    ColumnOf("published_at", "TIMESTAMP", "REQUIRED", "event.publication_time", MILLISECONDS),
    ColumnOf("provider_id", "STRING", "REQUIRED", "event.provider_id"),
    ColumnOf("provider_name", "STRING", "NULLABLE", "event.provider_name"),
    ColumnOf("device_id", "STRING", "REQUIRED", "event.device_id"),
    ColumnOf("vehicle_id", "STRING", "REQUIRED", "event.vehicle_id"),
    ColumnOf("latitude", "FLOAT64", "NULLABLE", "event.location.lat"),
    ColumnOf("longitude", "FLOAT64", "NULLABLE", "event.location.lng"),
    ColumnOf("pickup_area", "INT64", "NULLABLE", "event.pickup_area"),
    ColumnOf("dropoff_area", "INT64", "NULLABLE", "event.dropoff_area"),
    ColumnOf("distance_metres", "INT64", "NULLABLE", "event.distance"),
    ColumnOf("duration_seconds", "INT64", "NULLABLE", "event.duration"),
    ColumnOf("currency", "STRING", "NULLABLE", "event.fare.currency"),
    ColumnOf("payment_type", "STRING", "NULLABLE", "event.fare.payment_type"),
    ColumnOf("base_fare", "INT64", "NULLABLE", "event.fare.base_fare"),
    ColumnOf("tolls", "INT64", "NULLABLE", "event.fare.tolls"),
    ColumnOf("extras", "INT64", "NULLABLE", "event.fare.extras"),
    ColumnOf("tip", "INT64", "NULLABLE", "event.fare.tip"),
    ColumnOf("total", "INT64", "NULLABLE", "event.fare.total"),
    ColumnOf("schema_version", "STRING", "REQUIRED", "event.schema_version"),
    ColumnOf("fingerprint", "INT64", "REQUIRED", "landed.fingerprint"),
    *_COORDINATES,
)

REJECTED_COLUMNS = (
    ColumnOf("reason", "STRING", "REQUIRED", "violation.reason"),
    ColumnOf("field", "STRING", "REQUIRED", "violation.field"),
    ColumnOf("payload", "STRING", "REQUIRED", "landed.payload"),
    *_COORDINATES,
)


def arrow_schema(columns: Sequence[ColumnOf]) -> pa.Schema:
    """Return the schema of the Parquet file; what is required in BigQuery is required in the file."""
    return pa.schema(pa.field(each.name, _type(each), nullable=each.mode == "NULLABLE") for each in columns)


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several batches as one."""
    columns = zip(*(each.landed for each in parts), strict=True)
    landed = Landed._make(list(chain.from_iterable(column)) for column in columns)
    beside = zip(*(each[1:] for each in parts), strict=True)
    return type(parts[0])(landed, *(list(chain.from_iterable(column)) for column in beside))


def record_batch(columns: Sequence[ColumnOf], rows: Accepted | Rejected) -> pa.RecordBatch:
    """Return the rows as one typed batch. Values of an event come from its document, which the contract has passed."""
    paths = {tuple(each.path.split(".")[1:]): _type_in_json(each) for each in columns if each.path.startswith("event.")}
    documents = read_documents(rows.landed.payload, paths) if paths else {}
    arrays = []
    for each in columns:
        owner, *path = each.path.split(".")
        if owner == "event":
            values = documents[tuple(path)]
        else:
            values = pa.array(_values(rows, owner, *path), each.read_as or _type(each))
        arrays.append(_as_column(each, values))
    return pa.record_batch(arrays, schema=arrow_schema(columns))


def _values(rows: Accepted | Rejected, owner: str, name: str) -> Sequence[Any]:
    """Return what the rows, or the rules beside them, say under one name."""
    if owner == "landed":
        return getattr(rows.landed, name)  # type: ignore[no-any-return]
    return [getattr(each, name) for each in getattr(rows, owner)]


def _type_in_json(column: ColumnOf) -> pa.DataType:
    if column.mode == "REPEATED":
        return pa.list_(_ARROW[column.type])
    return pa.int64() if column.read_as == MILLISECONDS else column.read_as or _ARROW[column.type]


def _as_column(column: ColumnOf, values: pa.Array) -> pa.Array:
    # Each call of Arrow lets another thread in: those that would change nothing are left out.
    for kind in (column.read_as or values.type, _type(column)):
        values = values if values.type == kind else values.cast(kind)
    return values


def _type(column: ColumnOf) -> pa.DataType:
    element = _ARROW[column.type]
    return pa.list_(pa.field("element", element, nullable=False)) if column.mode == "REPEATED" else element
