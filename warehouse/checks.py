"""The checks of data quality: measured at rest, and published to gold's health tables.

Nothing is locked: when a window moved meanwhile, what is red is asked again.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from contracts.lake import connect as connect_lake
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings, QualitySettings, load
from warehouse import health_tables, quality
from warehouse.bigquery import connect
from warehouse.ledger import open_ledger
from warehouse.measures import MEASURES, Measured, Site
from warehouse.names import Target
from warehouse.quality import Finding, Kind

REST_SECONDS = 60.0
POLL_SECONDS = 0.5
ATTEMPTS = 3


def check(
    kinds: Sequence[Kind] = tuple(Kind),
    *,
    everything: bool = False,
    kafka: KafkaSettings | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> list[Finding]:
    """Measure, judge and publish; with `everything` all service dates and days, not only those of late.

    Nothing is raised for what is red, and nothing is found before the first window is planned, which makes the tables.
    Raises UnreachableError, ConfigurationError, and TransientError, PoisonError or FatalError by the code of what
    failed.
    """
    with _site(everything, kafka, clock) as site:
        if site.ledger.schema_checksum() is None:
            return []
        measured = _at_rest(site, lambda: [MEASURES[kind](site) for kind in kinds], sleep)
        findings = list(chain.from_iterable(each.findings for each in measured))
        tables = {name: rows for each in measured for name, rows in each.tables.items()}
        for table, rows in {**tables, "health_check": health_tables.states(findings, site.now)}.items():
            health_tables.publish(site.bigquery, site.target, table, rows, site.now)
    return findings


def check_kinds(*kinds: str) -> dict[str, Any]:
    """Check some kinds for a Mage block: how many checks there were, and which are red. Kafka is not asked."""
    findings = check([Kind(each) for each in kinds])
    return {"checks": len(findings), "red": [each.check_name for each in quality.reds(findings)]}


def require_healthy(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up what blocks of checks returned. Raises UnhealthyError that names what is red."""
    names = [name for each in summaries for name in each["red"]]
    quality.require_healthy(names, where="data_health")
    return {"checks": sum(each["checks"] for each in summaries), "red": names}


def _at_rest(site: Site, measure: Callable[[], list[Measured]], sleep: Callable[[float], None]) -> list[Measured]:
    """Measure while no window is on its way, at the most after REST_SECONDS; again when one came in between."""
    waits = int(REST_SECONDS / POLL_SECONDS)
    found: list[Measured] = []
    for _ in range(ATTEMPTS):
        while waits and site.ledger.days.position().open_since is not None:
            waits -= 1
            sleep(POLL_SECONDS)
        before = site.ledger.days.position()
        found = measure()
        red = any(quality.reds(each.findings) for each in found)
        if not red or site.ledger.days.position() == before:
            break
    return found


@contextmanager
def _site(everything: bool, kafka: KafkaSettings | None, clock: Callable[[], datetime]) -> Iterator[Site]:
    lake, bigquery, settings = load(LakeSettings), load(BigQuerySettings), load(QualitySettings)
    target = Target.of(bigquery)
    warehouse = connect(bigquery)
    with open_ledger(lake, target) as ledger, connect_lake(lake, application="checks") as connection:
        now = clock()
        since = None if everything else now - timedelta(days=settings.days)
        dates = ledger.days.recent_dates(since)
        yield Site(ledger, connection, warehouse, target, settings, now, since, dates, kafka)
