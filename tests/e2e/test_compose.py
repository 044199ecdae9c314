"""docker-compose.yml for real: a cold `up`, trips in BigQuery, `down`, `up` again, nothing lost, nothing doubled."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from contracts.broker import partition_ranges
from contracts.lake import connect
from tests.support.books import Books, query, read_books
from tests.support.compose import CHECKOUT, ComposeStack, missing

pytestmark = pytest.mark.timeout(1800)
LONG_RUNNING = {"kafka", "postgres", "bigquery", "producer", "consumer", "mage"}


def skip_where_missing() -> None:
    if why_not := missing():
        pytest.skip(f"docker-compose.yml is not tried: {why_not}")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[ComposeStack]:
    skip_where_missing()
    stack = ComposeStack(tmp_path, STACK_EVENTS_PER_SECOND=5)
    try:
        yield stack
    finally:
        stack("down", "--volumes")
        assert stack.left_over() == []


def test_trips_flow_into_bigquery_and_go_on_after_down_and_up(stack: ComposeStack) -> None:
    stack("up", "--detach", "--build", timeout=800)
    wait(stack, lambda: trips(stack) > 0, "trips in gold", seconds=400)
    wait(stack, lambda: all_healthy(stack), "every service healthy", seconds=300)
    assert stack.exit_code("setup") == 0
    assert httpx.get(f"{stack.mage_url}/api/status", trust_env=False, timeout=60).status_code == 200
    assert_no_password_is_visible(stack)
    first = closed_books(stack)
    assert first.trip_ids

    stack("down")
    stack("up", "--detach")
    wait(stack, lambda: trips(stack) > first.gold_trips, "more trips than before", seconds=400)
    second = closed_books(stack)
    assert first.produced.items() < second.produced.items()
    assert set(first.trip_ids) < set(second.trip_ids)


def test_settings_alone_lead_to_the_real_bigquery(tmp_path: Path) -> None:
    skip_where_missing()
    key = tmp_path / "key.json"
    key.write_text("{}")
    services = ComposeStack(tmp_path, BIGQUERY_EMULATOR_URL="", BIGQUERY_CREDENTIALS_FILE=key).config()["services"]
    for name in ("setup", "mage", "warehouse"):
        environment = services[name]["environment"]
        assert environment["TRIPLINE_BIGQUERY_EMULATOR_URL"] == ""
        mounted = environment["TRIPLINE_BIGQUERY_CREDENTIALS_FILE"].rpartition("/")[2]
        assert mounted in {secret["source"] for secret in services[name]["secrets"]}


def test_every_setting_reaches_the_containers(tmp_path: Path) -> None:
    skip_where_missing()
    services = ComposeStack(tmp_path, CONSUMER_BATCH_ROWS=7).config()["services"]
    for name in ("setup", "producer", "consumer", "mage", "warehouse"):
        assert services[name]["environment"]["TRIPLINE_CONSUMER_BATCH_ROWS"] == "7"


def test_nothing_starts_before_passwords_are_made(tmp_path: Path) -> None:
    skip_where_missing()
    command = ["docker", "compose", "--file", str(CHECKOUT / "docker-compose.yml"), "--env-file", "/dev/null", "config"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "make env" in refused.stderr


def closed_books(stack: ComposeStack) -> Books:
    """Stop the producer, wait until all of its events are loaded, and hold that none is missing or doubled."""
    stack("stop", "producer")
    assert stack.exit_code("producer") == 0, "the producer says that not every event was acknowledged"
    produced = sum(each.high - each.low for each in partition_ranges(stack.kafka))
    wait(stack, lambda: loaded(stack) == produced, "every event in a loaded window", seconds=400)
    stack("stop", "mage")
    books = read_books(stack.kafka, stack.lake, stack.bigquery)
    assert len(books.produced) == produced
    books.verify()
    stack("run", "--rm", "warehouse", "reconcile")
    return books


def loaded(stack: ComposeStack) -> int:
    """Return how many offsets the reconciled windows hold."""
    with connect(stack.lake, application="test") as connection:
        row = connection.execute("SELECT coalesce(sum(offsets), 0) FROM control.load WHERE state = 'reconciled'")
        return int(row.fetchall()[0][0])


def trips(stack: ComposeStack) -> int:
    return int(query(stack.bigquery, "SELECT COUNT(*) AS trips FROM `gold.fact_trip`")[0]["trips"])


def all_healthy(stack: ComposeStack) -> bool:
    containers = stack.containers()
    return {name for name, row in containers.items() if row["Health"] == "healthy"} == LONG_RUNNING


def assert_no_password_is_visible(stack: ComposeStack) -> None:
    shown = json.dumps([stack.inspect(name) for name in LONG_RUNNING]) + stack("logs", "--no-color")
    for password in stack.passwords():
        assert password not in shown


def wait(stack: ComposeStack, condition: Callable[[], bool], what: str, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not {what} after {seconds:.0f} s\n{stack.story()}"
        time.sleep(2)
