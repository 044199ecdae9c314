"""Each role can do what its process does, and is refused the rest, by SQLSTATE. A plain CREATEROLE role migrates."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from consumer import maintenance
from consumer.batch import Batch, Move, Record
from consumer.landing import Lake
from consumer.migrate import migrate
from consumer.roles import apply_roles
from contracts.errors import ConfigurationError
from contracts.lake import connect
from contracts.settings import LakeSettings, RolesSettings, environment_of
from stack.postgres import create_database, drop_database

NAMES = ("consumer", "warehouse", "maintenance", "analyst")
REFUSED, READ_ONLY = "42501", "25006"
As = Callable[[str], LakeSettings]


class Site:
    """A lake whose owner is no superuser, and its roles."""

    def __init__(self, server: LakeSettings, name: str) -> None:
        self.server, self.mage = server, f"{name}_mage"
        self.owner = server.model_copy(
            update={"database": name, "user": f"{name}_owner", "password": SecretStr("o'w\\ner")}
        )
        names = {role: f"{name}_{role}" for role in NAMES}
        passwords = {f"{role}_password": SecretStr(f"p'w {role}") for role in NAMES}
        self.roles = RolesSettings.model_validate({**names, **passwords})
        with connect(server, application="test", autocommit=True) as connection:
            owner, database = sql.Identifier(self.owner.user), sql.Identifier(name)
            create = "CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}"
            connection.execute(sql.SQL(create).format(owner, sql.Literal("o'w\\ner")))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))

    def as_role(self, role: str) -> LakeSettings:
        user, password = getattr(self.roles, role), getattr(self.roles, f"{role}_password")
        return self.owner.model_copy(update={"user": user, "password": password})

    def state(self, role: str, statement: str) -> str | None:
        """Return the SQLSTATE that the role gets, None when it is served; nothing of it stays."""
        with connect(self.as_role(role), application="test") as connection:
            try:
                connection.execute(statement.encode())
            except psycopg.Error as error:
                return error.sqlstate
            finally:
                connection.rollback()
        return None

    def remove(self) -> None:
        for name in (self.owner.database, self.mage):
            with suppress(Exception):
                drop_database(self.server.model_copy(update={"database": name}))
        with connect(self.server, application="test", autocommit=True) as connection:
            for role in (*(getattr(self.roles, name) for name in NAMES), self.owner.user):
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@pytest.fixture(scope="module")
def site(lake_server: LakeSettings) -> Iterator[Site]:
    """One lake for all tests of this module: each leaves it as it was."""
    site = Site(lake_server, f"test_roles_{datetime.now(UTC):%H%M%S%f}")
    try:
        migrate(site.owner)
        # A database that Mage made before there were roles.
        create_database(site.owner.model_copy(update={"database": site.mage}))
        with connect(site.owner.model_copy(update={"database": site.mage}), application="test") as connection:
            connection.execute("CREATE TYPE status AS ENUM ('x'); CREATE TABLE pipeline_run (id serial, status status)")
        landing = Lake(site.owner, "t", 10)
        landing.register(0, 0)
        landing.disconnect()
        with connect(site.owner, application="test", autocommit=True) as connection:
            # A day from before there were roles.
            connection.execute("SELECT raw.ensure_day('2090-01-01')")
        assert apply_roles(site.owner, site.roles, site.mage) == [getattr(site.roles, role) for role in NAMES]
        assert apply_roles(site.owner, site.roles, site.mage) == []
        yield site
    finally:
        site.remove()


ALLOWED = [
    ("consumer", "SELECT raw.ensure_day('2090-01-02')"),
    ("consumer", "INSERT INTO raw.trip_event VALUES ('t', 0, 9, '2090-01-01', now(), NULL, '{}')"),
    ("consumer", "INSERT INTO raw.dead_letter VALUES ('t', 0, 9, now(), now(), 'empty', 'x')"),
    ("consumer", "UPDATE raw.consumer_offset SET next_offset = 1"),
    ("warehouse", "SELECT count(*) FROM raw.trip_event"),
    ("warehouse", "SELECT count(*) FROM lake.trip"),
    ("warehouse", "INSERT INTO control.load (load_id, target, offsets) VALUES ('x', 'y', 1)"),
    ("warehouse", "CREATE TEMPORARY TABLE reconciled_range (n int)"),
    ("maintenance", "DROP TABLE raw.trip_event_20900101"),
    ("maintenance", "DELETE FROM raw.dead_letter"),
    ("maintenance", "DELETE FROM lake.trip_hour"),
    ("analyst", "SELECT count(*) FROM lake.trip"),
    ("analyst", "SELECT count(*) FROM lake.trip_hour"),
    ("analyst", "SELECT count(*) FROM lake.dead_letter"),
]
FORBIDDEN = [
    ("consumer", "UPDATE raw.trip_event SET payload = '{}'"),
    ("consumer", "DELETE FROM raw.trip_event"),
    ("consumer", "TRUNCATE raw.trip_event"),
    ("consumer", "DROP TABLE raw.trip_event_20900101"),
    ("consumer", "DELETE FROM raw.consumer_offset"),
    ("consumer", "UPDATE raw.dead_letter SET error = 'x'"),
    ("consumer", "SELECT FROM control.load"),
    ("consumer", "CREATE TABLE raw.mine (n int)"),
    ("warehouse", "INSERT INTO raw.trip_event VALUES ('t', 0, 9, '2090-01-01', now(), NULL, '{}')"),
    ("warehouse", "DELETE FROM raw.trip_event"),
    ("warehouse", "UPDATE raw.consumer_offset SET next_offset = 1"),
    ("warehouse", "UPDATE control.migration SET checksum = 'x'"),
    ("warehouse", "SELECT raw.ensure_day('2090-01-02')"),
    ("warehouse", "DROP TABLE control.load"),
    ("maintenance", "UPDATE raw.consumer_offset SET next_offset = 1"),
    ("maintenance", "UPDATE control.load SET state = 'reconciled'"),
    ("maintenance", "DROP TABLE control.load"),
    ("analyst", "SELECT FROM raw.trip_event"),
    ("analyst", "SELECT FROM raw.trip_event_20900101"),
    ("analyst", "SELECT FROM raw.dead_letter"),
    ("analyst", "SELECT FROM control.load"),
    ("analyst", "SELECT raw.ensure_day('2090-01-02')"),
]


@pytest.mark.parametrize(("role", "statement"), ALLOWED)
def test_a_role_can_do_its_work(site: Site, role: str, statement: str) -> None:
    assert site.state(role, statement) is None


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
def test_a_role_is_refused_the_rest(site: Site, role: str, statement: str) -> None:
    assert site.state(role, statement) == REFUSED


def test_an_analyst_changes_nothing_even_where_it_may_look(site: Site) -> None:
    assert site.state("analyst", "DELETE FROM lake.trip_hour") == READ_ONLY
    assert site.state("analyst", "SET transaction_read_only = off; DELETE FROM lake.trip_hour") == REFUSED
    assert site.state("analyst", "SET transaction_read_only = off; CREATE TEMPORARY TABLE mine (n int)") == REFUSED


def test_the_consumer_lands_and_maintenance_maintains(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = Lake(site.as_role("consumer"), "t", 10)
    arrived = int(datetime(2026, 11, 3, tzinfo=UTC).timestamp() * 1000)
    landing.land(Batch([Record(0, 0, arrived, b"k", b"{}", None)], [], {0: Move(0, 1)}))
    landing.disconnect()
    for name, value in {**environment_of(site.as_role("warehouse")), **environment_of(site.roles)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRIPLINE_MAINTENANCE_RETENTION_DAYS", "8")

    assert maintenance.make_days()["days_made"]
    assert "2026-11-03" in maintenance.index_days()["days_indexed"]
    assert maintenance.roll_up_trips()["offsets_rolled_up"] == 1
    assert "no warehouse" in maintenance.drop_days()["days_kept"]["2026-11-03"]
    with connect(site.as_role("warehouse"), application="test") as connection:
        connection.execute("INSERT INTO control.load VALUES ('z', DEFAULT, 'z', 'reconciled', now(), now(), 1)")
        connection.execute("INSERT INTO control.load_range VALUES ('z', 'z', 't', 0, 0, 1)")
    assert "2026-11-03" in maintenance.drop_days()["days_dropped"]


def test_mage_has_a_database_of_its_own(site: Site) -> None:
    mage = site.as_role("warehouse").model_copy(update={"database": site.mage})
    with connect(mage, application="test") as connection:
        connection.execute("CREATE TABLE block_run (id int)")
        connection.execute("ALTER TYPE status ADD VALUE 'y'")
        connection.execute("ALTER TABLE pipeline_run ADD COLUMN seconds int; INSERT INTO pipeline_run DEFAULT VALUES")
    for role in ("consumer", "analyst", "maintenance"):
        with pytest.raises(ConfigurationError):
            connect(site.as_role(role).model_copy(update={"database": site.mage}), application="test")


def test_every_role_has_its_limits(site: Site) -> None:
    def limits(role: str) -> dict[str, Any]:
        lake = site.as_role(role)
        with psycopg.connect(
            host=lake.host,
            port=lake.port,
            dbname=lake.database,
            user=lake.user,
            password=lake.password.get_secret_value(),
        ) as plain:
            names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
            return {name: (plain.execute(f"SHOW {name}".encode()).fetchone() or ("",))[0] for name in names}

    assert all(value not in {"0", ""} for role in NAMES for value in limits(role).values())
    assert limits("analyst")["statement_timeout"] == "1min"


def test_the_server_is_told_verifiers_and_no_password(site: Site) -> None:
    with connect(site.server, application="test") as connection:
        kept = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = ANY (%s)", ([getattr(site.roles, r) for r in NAMES],)
        ).fetchall()
    assert all(verifier.startswith("SCRAM-SHA-256$") for (verifier,) in kept)


def test_a_role_that_may_not_is_told_what_it_lacks(site: Site) -> None:
    with pytest.raises(ConfigurationError, match="CREATEROLE"):
        apply_roles(site.as_role("warehouse"), site.roles.model_copy(update={"analyst": "test_nobody"}), site.mage)
