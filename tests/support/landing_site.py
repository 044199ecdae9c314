"""A topic, a lake and a ledger of one test, and the consumers that it starts between them."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from confluent_kafka import KafkaException
from psycopg import Connection, OperationalError
from psycopg.rows import TupleRow

from consumer.migrate import migrate
from contracts.broker import connect_admin, ensure_topic
from contracts.lake import connect
from contracts.settings import ConsumerSettings, KafkaSettings, LakeSettings, child_environment
from tests.support import commands
from tests.support.ledger import Ledger

# For what comes by itself, on a machine that is ten times slower than usual.
PATIENCE_SECONDS = 120
# Runs with each move of an offset, inside the landing's transaction.
_DRAG = """
CREATE FUNCTION raw.drag() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    landed bigint := (SELECT sum(next_offset) FROM raw.consumer_offset);
BEGIN
    PERFORM pg_sleep(CASE WHEN landed > {half} THEN {late:f} ELSE {seconds:f} END);
    RETURN NULL;
END $$;
CREATE TRIGGER drag AFTER UPDATE ON raw.consumer_offset FOR EACH STATEMENT EXECUTE FUNCTION raw.drag();
"""
# In the place of the drag: to drop it would wait for every landing that is under way.
_NO_DRAG = """
CREATE OR REPLACE FUNCTION raw.drag() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
"""
# Less than the shortest deadline of a landing, and long enough for the slowest test.
_LATE_SECONDS = 0.9
# Sessions of consumers in this lake.
SESSIONS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tripline-consumer'"


@dataclass
class LandingSite:
    """`with LandingSite(kafka, lake) as site:` creates topic and schema; consumers still running are killed at the end.

    `lake` is where the test looks; consumers may be sent another way (a proxy). A broker that cannot create topics
    has it already: `topic_is_there`.
    """

    kafka: KafkaSettings
    lake: LakeSettings
    topic_is_there: bool = False
    _started: list[subprocess.Popen[str]] = field(default_factory=list)
    _connection: Connection[TupleRow] | None = None

    def __enter__(self) -> "LandingSite":
        """Create the topic and the schema."""
        if not self.topic_is_there:
            ensure_topic(self.kafka)
        migrate(self.lake)
        self.ledger = Ledger(self.kafka)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave no consumer behind."""
        for consumer in self._started:
            consumer.kill()
            consumer.communicate()
        self.disconnect()

    def disconnect(self) -> None:
        """Leave the lake; the next look at it connects again."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def drag(self, seconds: float = 0.03) -> None:
        """Make every landing slow, so that a fault finds the consumer in the middle.

        The second half of what was sent comes much slower yet: a fault that is late, on a busy machine, finds it too.
        """
        late = max(seconds, _LATE_SECONDS)
        self.execute(_DRAG.format(half=len(self.ledger.sent) // 2, seconds=seconds, late=late))

    def release(self) -> None:
        """Let every landing be as fast as it can again."""
        self.execute(_NO_DRAG)

    def environment(
        self, *, kafka: KafkaSettings | None = None, lake: LakeSettings | None = None, **consumer: Any
    ) -> dict[str, str]:
        """Return a consumer's environment; `consumer` are its settings, sessions being short."""
        settings = ConsumerSettings.model_validate({"group": self.kafka.topic, "session_seconds": 6} | consumer)
        return child_environment(kafka or self.kafka, lake or self.lake, settings)

    def start(self, *arguments: str, **settings: Any) -> subprocess.Popen[str]:
        """Start a consumer."""
        consumer = commands.start(self.environment(**settings), "consumer", "run", "--json", *arguments)
        self.watch(consumer)
        return consumer

    def watch(self, consumer: subprocess.Popen[str]) -> None:
        """Leave no trace either of a consumer that the test started itself."""
        self._started.append(consumer)

    def run_to_end(self, **settings: Any) -> dict[str, Any]:
        """Run a consumer at full speed until everything that is in the topic now has landed; return its figures."""
        self.release()
        return commands.run_json(self.environment(**settings), "consumer", "run", "--until-end")

    def sessions(self, condition: str = "true") -> int:
        """Return in how many sessions consumers are connected, of those for which a condition on the activity holds."""
        return self.scalar(f"SELECT count(*) {SESSIONS} AND {condition}")

    def end_sessions(self) -> int:
        """End the consumers' sessions in the server, and wait until they are gone; return how many there were."""
        return self.scalar(f"SELECT count(pg_terminate_backend(pid, {PATIENCE_SECONDS * 1_000})) {SESSIONS}")

    def landed(self) -> int:
        """Return how many rows stand in the lake."""
        return self.scalar("SELECT count(*) FROM raw.trip_event")

    def dead(self) -> int:
        """Return how many dead letters stand in the lake."""
        return self.scalar("SELECT count(*) FROM raw.dead_letter")

    def execute(self, statement: str) -> None:
        """Run a statement in the lake."""
        with connect(self.lake, application="test") as connection:
            connection.execute(statement.encode())

    def scalar(self, query: str) -> int:
        """Return the one number that a query gives."""
        return int(self.rows(query)[0][0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query gives."""
        try:
            return self._query(query)
        except OperationalError:
            self._connection = None
            return self._query(query)

    def _query(self, query: str) -> list[tuple[Any, ...]]:
        self._connection = self._connection or connect(self.lake, application="test", autocommit=True)
        return self._connection.execute(query.encode()).fetchall()

    def members(self, group: str = "") -> list[int]:
        """Return how many partitions each member of a consumers' group has; [-1] when the broker cannot say yet."""
        group = group or self.kafka.topic
        admin = connect_admin(self.kafka)
        try:
            found = admin.describe_consumer_groups([group], request_timeout=10)[group].result()
        except KafkaException:
            return [-1]
        return sorted(len(member.assignment.topic_partitions) for member in found.members)

    def wait_until(self, condition: Callable[[], bool], *consumers: subprocess.Popen[str]) -> None:
        """Wait for something to happen while these consumers stay alive."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            for consumer in consumers:
                assert consumer.poll() is None, f"the consumer ended\n{consumer.communicate()}"
            assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s"
            time.sleep(0.02)

    def is_accounted_for(self) -> bool:
        """Whether as many messages stand in the lake, dead or alive, as were sent."""
        return self.landed() + self.dead() >= len(self.ledger.sent)

    def begun(self, *consumers: subprocess.Popen[str], rows: int = 1) -> int:
        """Wait until so many rows have landed, and prove that they are not all."""
        self.wait_until(lambda: self.landed() >= rows, *consumers)
        landed = self.landed()
        assert landed < len(self.ledger.sent), "everything had landed before the fault"
        return landed

    def settle(self, *consumers: subprocess.Popen[str]) -> list[dict[str, Any]]:
        """Let these consumers land the rest and one fresh event more; stop them, judge, and return their figures."""
        self.release()
        self.wait_until(self.is_accounted_for, *consumers)
        self.ledger.send_events(1)
        self.wait_until(self.is_accounted_for, *consumers)
        figures = [finish(consumer) for consumer in consumers]
        self.ledger.verify(self.lake)
        return figures

    def verify(self) -> None:
        """Hold the lake against the ledger, then let a fresh event pass."""
        self.ledger.verify(self.lake)
        self.ledger.send_events(1)
        self.run_to_end()
        self.ledger.verify(self.lake)


def finish(consumer: subprocess.Popen[str], *, with_signal: signal.Signals | None = signal.SIGTERM) -> dict[str, Any]:
    """Stop a consumer, hold that it exits 0, and return its figures."""
    output = stop(consumer, with_signal=with_signal)
    figures: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return figures


def stop(consumer: subprocess.Popen[str], *, expect: int = 0, with_signal: signal.Signals | None = None) -> str:
    """Wait for a consumer to end with this code; return what it printed (standard error when it failed)."""
    if with_signal is not None:
        consumer.send_signal(with_signal)
    output, errors = consumer.communicate(timeout=PATIENCE_SECONDS)
    assert consumer.returncode == expect, f"exit code {consumer.returncode}\n{output}\n{errors}"
    return errors if expect else output
