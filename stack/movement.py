"""How far the data have come: on the topic, in the lake, in BigQuery. A stack whose data stand still is not healthy."""

from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from contracts.broker import newest_arrival, partition_ranges
from contracts.lake import classify, connect
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings
from contracts.sql import load_sql
from warehouse.names import Target

# An endless producer is never silent for long, a consumer commits each second, Mage loads each minute.
PRODUCED_WITHIN, LANDED_WITHIN, LOADED_WITHIN = 30.0, 30.0, 180.0


class Stage(NamedTuple):
    """One stage: events that came through it, how many wait before it (None: nobody knows), and when the last came.

    `age` is the seconds since then, None when none ever came; `within` how old it may be while events wait.
    """

    name: str
    events: int
    waiting: int | None
    age: float | None
    within: float

    def moves(self, up_for: float = float("inf")) -> bool:
        """Whether an event came through lately, or none waits; `up_for` seconds ago nothing ran yet."""
        idle = min(float("inf") if self.age is None else self.age, up_for)
        return self.waiting == 0 or idle <= self.within


class Movement(NamedTuple):
    """The stages in order, and how many messages were set aside as dead letters on the way into the lake."""

    produced: Stage
    landed: Stage
    loaded: Stage
    dead_lettered: int

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in the order in which an event passes them."""
        return self.produced, self.landed, self.loaded

    def standing(self, up_for: float = float("inf")) -> list[str]:
        """Return the names of the stages through which nothing moves."""
        return [stage.name for stage in self.stages if not stage.moves(up_for)]


class _Positions(NamedTuple):
    landed: int
    landed_age: float | None
    dead_lettered: int
    loaded: int
    loaded_age: float | None


def read_movement(kafka: KafkaSettings, lake: LakeSettings, bigquery: BigQuerySettings) -> Movement:
    """Ask the broker and the lake how far the topic's events have come.

    Raises UnreachableError, FatalError (no such topic, no schema yet), TransientError.
    """
    produced = sum(each.high for each in partition_ranges(kafka))
    newest = newest_arrival(kafka)
    age = max((datetime.now(UTC) - newest).total_seconds(), 0.0) if newest else None
    found = _read_positions(lake, topic=kafka.topic, target=Target.of(bigquery).key)
    return Movement(
        Stage("produced", produced, None, age, PRODUCED_WITHIN),
        Stage("landed", found.landed, max(produced - found.landed, 0), found.landed_age, LANDED_WITHIN),
        Stage("loaded", found.loaded, max(found.landed - found.loaded, 0), found.loaded_age, LOADED_WITHIN),
        found.dead_lettered,
    )


def _read_positions(lake: LakeSettings, *, topic: str, target: str) -> _Positions:
    with connect(lake, application="stack") as connection, connection.cursor(row_factory=class_row(_Positions)) as rows:
        try:
            found = rows.execute(load_sql("postgres/stack/movement"), {"topic": topic, "target": target}).fetchone()
        except psycopg.Error as error:
            raise classify(error, where=f"Postgres at {lake.address}") from error
    assert found is not None, "a SELECT of aggregates returns one row"  # noqa: S101
    return found
