"""Fixed dead letters go back to the topic, each with a header that names where it came from.

An attempt is written down before it is published and completed when Kafka has confirmed it. A kill in between leaves an
unconfirmed attempt, which the next run publishes once more; the lake lands one of the two (`consumer.origin`).
"""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from consumer.dead_letter_store import Listed, Store
from consumer.origin import Origin, with_origin
from contracts.console import Progress
from contracts.errors import PoisonError, UnconfirmedDeliveryError
from contracts.settings import KafkaSettings

AT_ONCE = 100
DELIVERY_SECONDS = 30
_silent = logging.getLogger("consumer.dead_letter_replay.silent")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


def awaiting(letters: Sequence[Listed], *, again: bool) -> list[Listed]:
    """Return the letters to be published: fixed and not known to be published; `again`: those published as well.

    What has landed is never published again.
    """
    states = {"fixed", "unconfirmed", "published"} if again else {"fixed", "unconfirmed"}
    return [letter for letter in letters if letter.state in states]


def publish(kafka: KafkaSettings, store: Store, letters: Sequence[Listed], by: str, bar: Progress) -> int:
    """Publish the letters; return how many Kafka has confirmed.

    Raises UnconfirmedDeliveryError when that is not all, PoisonError for one that Kafka does not take.
    """
    producer = Producer(
        {
            **kafka.client_config(),
            "enable.idempotence": True,
            "acks": "all",
            "delivery.timeout.ms": DELIVERY_SECONDS * 1000,
            # The Java clients' partitioner, as the producer's.
            "partitioner": "murmur2_random",
        },
        logger=_silent,
    )
    confirmed = 0
    for portion in _portions(letters):
        published = _publish(producer, kafka, store, portion, by)
        confirmed += published
        bar.advance(published)
        if published < len(portion):
            raise UnconfirmedDeliveryError(
                f"Kafka confirmed {confirmed:,} of {len(letters):,} replays",
                where=f"topic {kafka.topic} at {kafka.bootstrap_servers}",
                remedy="Run it again: of each letter one replay lands.",
            )
    return confirmed


def _publish(producer: Producer, kafka: KafkaSettings, store: Store, letters: Sequence[Listed], by: str) -> int:
    delivered: list[tuple[int, int, int]] = []
    for listed in letters:
        letter = store.letter(listed.partition, listed.offset)
        replay_id = store.begin_replay(listed, by)

        def acknowledge(error: KafkaError | None, message: Message, replay_id: int = replay_id) -> None:
            if error is None:
                delivered.append((replay_id, message.partition() or 0, message.offset() or 0))

        origin = Origin(kafka.topic, listed.partition, listed.offset)
        headers: list[tuple[str, str | bytes | None]] = [*with_origin(letter.kafka_headers, origin)]
        try:
            producer.produce(
                kafka.topic, letter.fixed_value, letter.fixed_key, headers=headers, on_delivery=acknowledge
            )
        except KafkaException as error:
            raise PoisonError(f"Kafka does not take the replay: {error.args[0].name()}", where=str(origin)) from error
    producer.flush(DELIVERY_SECONDS + 5)
    for replay_id, partition, offset in delivered:
        store.complete_replay(replay_id, partition, offset)
    return len(delivered)


def _portions(letters: Sequence[Listed]) -> Iterator[list[Listed]]:
    remaining = iter(letters)
    while portion := list(islice(remaining, AT_ONCE)):
        yield portion
