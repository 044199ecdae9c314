"""The fixtures give each test a topic, a database and datasets of its own, on services that answer."""

import httpx

from contracts.broker import ensure_topic, partition_ranges
from contracts.lake import connect
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings, load


def test_the_topic_is_not_there_until_the_test_makes_it(kafka_settings: KafkaSettings) -> None:
    assert ensure_topic(kafka_settings)
    assert not ensure_topic(kafka_settings)
    assert [(each.low, each.high) for each in partition_ranges(kafka_settings)] == [(0, 0)] * 6


def test_the_database_is_empty_and_the_tests_own(lake_settings: LakeSettings) -> None:
    with connect(lake_settings, application="test") as connection:
        (tables,) = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchone() or (None,)
        (database,) = connection.execute("SELECT current_database()").fetchone() or (None,)
    assert tables == 0
    assert database == lake_settings.database


def test_the_emulator_answers(emulator_url: str) -> None:
    answer = httpx.get(f"{emulator_url}/readyz", trust_env=False, timeout=60)
    assert answer.json()["checks"] == {"duckdb": "ok", "catalog": "ok"}


def test_a_program_started_with_the_environment_reads_the_same_settings(
    environment: dict[str, str],
    kafka_settings: KafkaSettings,
    lake_settings: LakeSettings,
    bigquery_settings: BigQuerySettings,
) -> None:
    assert load(KafkaSettings, environment) == kafka_settings
    assert load(LakeSettings, environment) == lake_settings
    assert load(BigQuerySettings, environment) == bigquery_settings
