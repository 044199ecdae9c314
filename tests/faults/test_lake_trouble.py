"""The lake refuses, waits, restarts, fills up, is restored. Each test proves its fault; the ledger judges."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.errors import DiskFull
from pydantic import SecretStr

from contracts.errors import ExitCode
from contracts.lake import connect
from contracts.settings import KafkaSettings, LakeSettings
from stack.account import unprivileged_account
from stack.postgres import drop_database
from tests.conftest import FreshServices
from tests.support import commands
from tests.support.landing_site import SESSIONS, LandingSite
from tests.support.tcp_proxy import TcpProxy

EVENTS = 3_000
SLOWLY = {"batch_rows": 100}
PASSING = ["40001", "40P01", "55P03", "57014", "57P01", "57P03", "25P03", "53100", "53200", "53300", "08006"]
# Every second landing fails with the next of these codes. A sequence counts also in transactions that roll back.
FAIL = """
CREATE SEQUENCE raw.attempt;
CREATE FUNCTION raw.fail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    codes text[] := '{{{codes}}}';
    attempt int := nextval('raw.attempt');
BEGIN
    IF attempt % 2 = 0 AND attempt / 2 <= array_length(codes, 1) THEN
        RAISE EXCEPTION USING ERRCODE = codes[attempt / 2];
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fail AFTER INSERT ON raw.trip_event FOR EACH STATEMENT EXECUTE FUNCTION raw.fail();
"""


# What is done, what undoes it, and the SQLSTATE that it is named by.
STAYING = [
    (
        "ALTER ROLE {role} IN DATABASE {database} SET default_transaction_read_only = on",
        "ALTER ROLE {role} IN DATABASE {database} RESET default_transaction_read_only",
        "25006",
    ),
    ("REVOKE INSERT ON raw.trip_event FROM {role}", "GRANT INSERT ON raw.trip_event TO {role}", "42501"),
    (
        "ALTER TABLE raw.trip_event RENAME COLUMN payload TO document",
        "ALTER TABLE raw.trip_event RENAME COLUMN document TO payload",
        "42703",
    ),
]
CONNECTING = [("CONNECTION LIMIT 0", "CONNECTION LIMIT -1"), ("PASSWORD 'another'", "PASSWORD 'sesame'")]
# What a consumer needs, and no more.
RIGHTS = """
GRANT USAGE ON SCHEMA raw TO {role};
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA raw TO {role};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA raw TO {role};
"""


@pytest.fixture
def limited(site: LandingSite, unique: str) -> Iterator[LakeSettings]:
    """The site's lake as a role of this test that may land, until the test takes something away from it."""
    role = f"{unique}_role"
    site.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'sesame'")
    site.execute(RIGHTS.format(role=role))
    yield site.lake.model_copy(update={"user": role, "password": SecretStr("sesame")})
    site.execute(f"DROP OWNED BY {role}")
    site.execute(f"DROP ROLE {role}")


def test_sessions_ended_by_the_server_again_and_again(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(**SLOWLY)
    for cut in (1, 2, 3):
        site.begun(consumer, rows=cut * 500)
        site.wait_until(lambda: site.end_sessions() > 0, consumer)
    (figures,) = site.settle(consumer)
    assert figures["retries"] >= 3


def test_every_refusal_that_passes_is_waited_out(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.execute(FAIL.format(codes=",".join(PASSING)))
    (figures,) = site.settle(site.start(**SLOWLY))
    assert site.scalar("SELECT last_value FROM raw.attempt") > 2 * len(PASSING)
    assert 0 < figures["retries"] <= len(PASSING)
    assert site.dead() == 0


def test_a_refusal_that_stays_is_named_once_and_skips_nothing(site: LandingSite, limited: LakeSettings) -> None:
    site.ledger.send_events(100)
    for trouble, remedy, state in STAYING:
        site.execute(trouble.format(role=limited.user, database=limited.database))
        done = commands.run(site.environment(lake=limited), "consumer", "run", "--until-end", expect=ExitCode.FATAL)
        assert f"SQLSTATE {state}" in done.stderr
        assert done.stderr.count("error: ") == 1
        assert "sesame" not in done.stderr + done.stdout
        assert site.landed() == 0
        site.execute(remedy.format(role=limited.user, database=limited.database))
    site.settle(site.start(lake=limited, group="after"))


def test_connecting_again_is_refused_for_a_while(
    site: LandingSite, limited: LakeSettings, proxy: TcpProxy, proxied: LakeSettings
) -> None:
    through_proxy = proxied.model_copy(update={"user": limited.user, "password": limited.password})
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=through_proxy, **SLOWLY)
    for number, (trouble, remedy) in enumerate(CONNECTING):
        site.begun(consumer, rows=number * 1_000 + 1)
        site.wait_until(lambda: site.sessions() > 0, consumer)
        site.execute(f"ALTER ROLE {limited.user} {trouble}")
        assert site.end_sessions() > 0
        wanted = proxy.accepted + 3
        site.wait_until(lambda refused=wanted: proxy.accepted >= refused, consumer)  # type: ignore[misc]
        assert site.sessions() == 0
        assert site.landed() < EVENTS
        site.execute(f"ALTER ROLE {limited.user} {remedy}")
    (figures,) = site.settle(consumer)
    assert figures["retries"] >= 4


def test_a_lock_that_is_held_is_waited_out(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(landing_seconds=1, writers=1, **SLOWLY)
    site.begun(consumer)
    with connect(site.lake, application="test") as other:
        other.execute("LOCK TABLE raw.trip_event IN ACCESS EXCLUSIVE MODE")
        waits: set[object] = set()

        def has_waited_twice() -> bool:
            waits.update(site.rows(f"SELECT pid, xact_start {SESSIONS} AND wait_event_type = 'Lock'"))
            return len(waits) > 1

        site.wait_until(has_waited_twice, consumer)
    (figures,) = site.settle(consumer)
    assert figures["retries"] >= 1, "the landing was to be given up after a second"


def test_a_lake_killed_and_recovered(kafka_settings: KafkaSettings, fresh_services: FreshServices) -> None:
    services = fresh_services("postgres")
    with LandingSite(kafka_settings, services.lake) as site:
        site.ledger.send_events(EVENTS)
        site.drag()
        consumer = site.start(**SLOWLY)
        site.begun(consumer)
        services.running["postgres"].kill()
        assert services.running["postgres"].has_died()
        services.restart("postgres")
        (figures,) = site.settle(consumer)
        assert figures["retries"] >= 1


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder on a file system of 16 MB that Postgres may write to."""
    account = unprivileged_account()
    with tempfile.TemporaryDirectory(prefix="tripline-disk-") as name:
        disk = Path(name)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", name], check=False).returncode == 0
        if not mounted:
            pytest.skip("a disk that is full needs the right to mount one")
        try:
            disk.chmod(0o711)
            space = disk / "space"
            space.mkdir(mode=0o700)
            if account:
                os.chown(space, account.uid, account.gid)
            yield space
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


def test_a_full_disk_is_waited_out(
    kafka_settings: KafkaSettings, small_disk: Path, fresh_services: FreshServices
) -> None:
    services = fresh_services("postgres")
    lake, log = services.lake, services.running["postgres"].part.log
    with connect(lake, application="test", autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'".encode())
    with LandingSite(kafka_settings, lake) as site:
        site.execute(f"ALTER DATABASE {lake.database} SET default_tablespace = small")
        site.execute("CREATE TABLE filler AS SELECT repeat('x', 2000) AS text FROM generate_series(1, 4000)")
        site.execute("CREATE TABLE rest (text text)")
        with pytest.raises(DiskFull):
            site.execute("INSERT INTO rest SELECT repeat('x', 2000) FROM generate_series(1, 8000)")
        site.ledger.send_events(EVENTS)
        consumer = site.start(batch_rows=1_000)
        site.wait_until(lambda: log.read_text().count("No space left on device") >= 3, consumer)
        assert site.landed() < EVENTS
        site.execute("DROP TABLE filler")
        (figures,) = site.settle(consumer)
        assert figures["retries"] >= 1


def test_a_lake_restored_from_an_older_backup_lands_what_came_since_again(site: LandingSite) -> None:
    """The offsets are in the backup: reading goes on from there, whatever Kafka has been told."""
    site.ledger.send_events(500)
    site.run_to_end()
    restored = site.lake.model_copy(update={"database": f"{site.lake.database}_restored"})
    site.disconnect()
    with connect(site.lake.model_copy(update={"database": "postgres"}), application="test", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {restored.database} TEMPLATE {site.lake.database}".encode())
    try:
        site.ledger.send_events(300)
        assert site.run_to_end()["landed"] == 300
        assert site.run_to_end(lake=restored)["landed"] == 300
        site.ledger.verify(restored)
    finally:
        drop_database(restored)
    site.verify()
