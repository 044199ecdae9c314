"""The verdict on a soak: what stands on the topic against what was issued, and the lake against the topic."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from producer.intake import Intake
from producer.mapping import load_mapping
from producer.messages import encoder
from producer.replay import replay
from tests.soak.site import ProducerRun, Site
from tests.support.ledger import Verdict
from tests.support.topic import OnTopic, messages_on


@dataclass(frozen=True)
class Producers:
    """What the producers did, in runs and messages; of sound ones all but the first three are 0."""

    runs: int
    killed: int
    issued: int
    unacknowledged: int
    """Reported as acknowledged, and not on the topic."""
    doubled: int
    """On the topic more often than issued."""
    unissued: int
    """On the topic, from nobody."""

    @property
    def is_clean(self) -> bool:
        """Whether the topic has what they said, once."""
        return not (self.unacknowledged or self.doubled or self.unissued)


@dataclass(frozen=True)
class Outcome:
    """A whole soak."""

    seed: int
    seconds: float
    faults: Counter[str]
    """Faults that were proven to have happened, by kind."""
    missed: Counter[str]
    """Faults that found nothing to hit."""
    producers: Producers
    verdict: Verdict

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lost, doubled or changed."""
        return self.producers.is_clean and self.verdict.is_clean

    def as_json(self) -> dict[str, Any]:
        """Return it as build/soak.json has it."""
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "faults": self.faults.total(),
            "faults_by_kind": dict(sorted(self.faults.items())),
            "missed_by_kind": dict(sorted(self.missed.items())),
            "producers": asdict(self.producers),
            "lake": self.verdict._asdict(),
            "clean": self.is_clean,
        }


def judge_producers(site: Site) -> Producers:
    """Hold what stands on the topic against the replayed files and the reports of the producers that could report."""
    others = set(site.ledger.sent)
    found = [each for each in messages_on(site.ledger.kafka) if (each.partition, each.offset) not in others]
    on_topic = _by_trip(found)
    unacknowledged = doubled = unissued = 0
    for run in site.runs:
        issued = _messages_of(run)
        there = Counter[tuple[str, bytes]]()
        for trip in {trip for trip, _ in issued}:
            there += on_topic.pop(trip, Counter())
        beyond = there - issued
        doubled += sum(count for message, count in beyond.items() if message in issued)
        unissued += sum(count for message, count in beyond.items() if message not in issued)
        if run.report is not None:
            unacknowledged += max(run.report["acknowledged"] - there.total(), 0)
    return Producers(
        runs=len(site.runs),
        killed=sum(run.report is None for run in site.runs),
        issued=len(found),
        unacknowledged=unacknowledged,
        doubled=doubled,
        unissued=unissued + sum(each.total() for each in on_topic.values()),
    )


def _messages_of(run: ProducerRun) -> Counter[tuple[str, bytes]]:
    events = replay(Intake([run.trips_file], load_mapping("chicago")))
    return Counter((event.trip_id, encoder.encode(event)) for _, event in events)


def _by_trip(found: Iterable[OnTopic]) -> dict[str, Counter[tuple[str, bytes]]]:
    trips: dict[str, Counter[tuple[str, bytes]]] = {}
    for each in found:
        trips.setdefault(each.key, Counter())[each.key, each.value] += 1
    return trips
