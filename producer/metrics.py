"""What the producer counts, as Prometheus metrics. docs/producer.md lists them; a test holds that it lists them all."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class ProducerMetrics:
    """One registry. Once nothing is unanswered, produced = acknowledged + failed."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.produced = Counter(
            "tripline_producer_produced_events",
            "Events handed to the Kafka client.",
            registry=self.registry,
        )
        self.acknowledged = Counter(
            "tripline_producer_acknowledged_events",
            "Events that the broker has confirmed.",
            registry=self.registry,
        )
        self.failed = Counter(
            "tripline_producer_failed_events",
            "Events that were given up: refused, or not confirmed in time.",
            registry=self.registry,
        )
        self.sent_again = Counter(
            "tripline_producer_sent_again_events",
            "Events of an earlier run that its journal had as unconfirmed; produced counts them too.",
            registry=self.registry,
        )
        self.queue_depth = Gauge(
            "tripline_producer_queue_depth_events",
            "Events handed over and not answered yet.",
            registry=self.registry,
        )
        self.acknowledgement_seconds = Histogram(
            "tripline_producer_acknowledgement_seconds",
            "From handing a batch of events over to the broker's answer to the last of them.",
            buckets=LATENCY_SECONDS,
            registry=self.registry,
        )
