"""Contender: a simulated city, or with `replay` the real trips, to the broker's acknowledgements, in one process.

With `valid` it is a city without malformed messages, which fills the topic of other benchmarks.
"""

import sys
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any
from uuid import uuid4

from benchmarks.measured import measure
from contracts.settings import KafkaSettings, ProducerSettings, load
from producer.delivery import Delivery
from producer.fetch import chicago_trips
from producer.intake import Intake
from producer.mapping import load_mapping
from producer.messages import Sendable, to_message
from producer.pacing import Pace, paced
from producer.replay import replay
from producer.simulate.dirt import DirtRates
from producer.simulate.plan import FIRST_DAY, CityPlan, parse_start
from producer.simulate.stream import emissions


def simulated() -> Iterable[tuple[int, Sendable]]:
    """Return an endless city with the usual dirt."""
    return emissions(CityPlan(1, parse_start(FIRST_DAY), 5_000), DirtRates())


def valid() -> Iterable[tuple[int, Sendable]]:
    """Return an endless city with all dirt but messages that no sink can take."""
    return emissions(CityPlan(1, parse_start(FIRST_DAY), 5_000), DirtRates(malformed=0))


def replayed() -> Iterable[tuple[int, Sendable]]:
    """Return the events of the real trips."""
    trips = Intake(chicago_trips(load(ProducerSettings)), load_mapping("chicago"))
    return ((due, to_message(event)) for due, event in replay(trips))


def produce(source: Iterable[tuple[int, Sendable]], events: int) -> dict[str, Any]:
    """Deliver so many events to a topic of their own, setting up the source included in the time."""
    kafka = load(KafkaSettings).model_copy(update={"topic": f"benchmark-{uuid4()}"})
    delivery = Delivery(kafka, load(ProducerSettings))
    started = time.perf_counter()
    batches = paced(islice(source, events), Pace(), clock=time.monotonic, sleep=delivery.wait)
    delivery.send(batches, stopped=lambda: False, advance=lambda _: None)
    delivery.report.verify(kafka)
    rate = delivery.report.acknowledged / (time.perf_counter() - started)
    return {"topic": kafka.topic, "events": delivery.report.acknowledged, "events_per_second": rate}


if __name__ == "__main__":
    sources = {"simulate": simulated, "valid": valid, "replay": replayed}
    chosen = sources[sys.argv[1]]()
    measure(lambda: produce(chosen, int(sys.argv[2])))
