"""The consumer's Prometheus metrics: their names and meanings in one place, their values from report and status."""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from consumer.report import Report
from consumer.status import Status


@dataclass(frozen=True)
class Definition:
    """A metric's name, what it measures and in which unit, and its labels."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()

    def counter(self) -> CounterMetricFamily:
        """Return it as a counter without values."""
        return CounterMetricFamily(self.name, self.meaning, labels=self.labels)

    def gauge(self) -> GaugeMetricFamily:
        """Return it as a gauge without values."""
        return GaugeMetricFamily(self.name, self.meaning, labels=self.labels)


RECEIVED = Definition(
    "tripline_consumer_received_total", "Messages whose fate is known: landed + duplicate + dead-lettered, always."
)
LANDED = Definition("tripline_consumer_landed_total", "Messages that stand in the lake.")
DUPLICATE = Definition("tripline_consumer_duplicate_total", "Messages that came though the lake had them.")
DEAD_LETTERED = Definition("tripline_consumer_dead_lettered_total", "Messages set aside, by reason.", ("reason",))
RETRIES = Definition("tripline_consumer_retries_total", "Failures after which reading began anew.")
LANDINGS = Definition("tripline_consumer_landings_total", "Transactions that landed messages.")
BROKER_LAG = Definition(
    "tripline_consumer_broker_lag_messages", "Messages in Kafka that have not landed, by partition.", ("partition",)
)
ARRIVAL_LAG = Definition(
    "tripline_consumer_arrival_lag_seconds", "Of the message that landed last: from the broker's receipt to landing."
)
EVENT_LAG = Definition(
    "tripline_consumer_event_lag_seconds", "Of the event that landed last: from what it tells of to landing."
)
DEFINITIONS = (
    RECEIVED,
    LANDED,
    DUPLICATE,
    DEAD_LETTERED,
    RETRIES,
    LANDINGS,
    BROKER_LAG,
    ARRIVAL_LAG,
    EVENT_LAG,
)


class _Collector(Collector):
    def __init__(self, report: Report, status: Status) -> None:
        self._report = report
        self._status = status

    def collect(self) -> Iterable[Metric]:
        counts = self._report.counts
        for definition, value in (
            (RECEIVED, counts.received),
            (LANDED, counts.landed),
            (DUPLICATE, counts.duplicates),
            (RETRIES, counts.retries),
            (LANDINGS, counts.landings),
        ):
            single = definition.counter()
            single.add_metric([], value)
            yield single
        dead_lettered = DEAD_LETTERED.counter()
        for reason, messages in sorted(counts.reasons.items()):
            dead_lettered.add_metric([reason], messages)
        yield dead_lettered
        lag = BROKER_LAG.gauge()
        for partition, standing in sorted(self._status.partitions.items()):
            lag.add_metric([str(partition)], standing.waiting)
        yield lag
        for definition, seconds in ((ARRIVAL_LAG, counts.arrival_lag_seconds), (EVENT_LAG, counts.event_lag_seconds)):
            gauge = definition.gauge()
            gauge.add_metric([], seconds)
            yield gauge


def registry(report: Report, status: Status) -> CollectorRegistry:
    """Return the registry that shows this run."""
    made = CollectorRegistry()
    made.register(_Collector(report, status))
    return made
