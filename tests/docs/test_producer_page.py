"""docs/producer.md lists exactly the metrics that the producer has, in their own words."""

import re
from pathlib import Path

from producer.metrics import ProducerMetrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "producer.md"


def test_every_metric_is_documented_in_its_own_words() -> None:
    kinds = {"counter": "_total"}
    metrics = {
        f"{metric.name}{kinds.get(metric.type, '')}": metric.documentation
        for metric in ProducerMetrics().registry.collect()
    }
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == metrics
