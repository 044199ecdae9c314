"""Quix Streams lands a topic in Postgres: run with its own Python, broker, topic and group; libpq's variables."""

import os
import sys
from typing import Any

from quixstreams import Application
from quixstreams.sinks.community.postgresql import PostgreSQLSink

COMMIT_EVERY = 5_000
"""Messages of one commit, as in Tripline; by itself it would take five seconds' worth."""


class CoordinatesSink(PostgreSQLSink):  # type: ignore[misc]
    """Gives each row its message's coordinates, which are the key that makes a repetition harmless."""

    def add(self, value: Any, **message: Any) -> Any:
        """Take one message."""
        coordinates = {"kafka_partition": message["partition"], "kafka_offset": message["offset"]}
        return super().add(value={"topic": message["topic"], **coordinates, "payload": value}, **message)


def main(broker: str, topic: str, group: str) -> None:
    """Run until stopped."""
    sink = CoordinatesSink(
        host=os.environ["PGHOST"],
        port=int(os.environ["PGPORT"]),
        dbname=os.environ["PGDATABASE"],
        user=os.environ["PGUSER"],
        password=os.environ["PGPASSWORD"],
        table_name="trip_event",
        primary_key_columns=["kafka_partition", "kafka_offset"],
        upsert_on_primary_key=True,
    )
    application = Application(
        broker_address=broker,
        consumer_group=group,
        auto_offset_reset="earliest",
        commit_every=COMMIT_EVERY,
        loglevel="WARNING",
    )
    messages = application.topic(topic, key_deserializer="str", value_deserializer="json")
    application.dataframe(messages).sink(sink)
    application.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
