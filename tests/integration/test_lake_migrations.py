"""Migrations: once, in order, one run at a time, and never another text than the one that was applied."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from consumer.migrate import MIGRATIONS, MigrationEditedError, migrate, read_migrations
from contracts.errors import BusyError, FatalError
from contracts.lake import connect
from contracts.settings import LakeSettings
from contracts.sql import load_sql


def query(lake: LakeSettings, statement: str) -> list[Any]:
    with connect(lake, application="test") as connection:
        return connection.execute(statement.encode()).fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "0001_one": "CREATE TABLE one (n int);",
        "0002_two": "INSERT INTO one VALUES (2); SELECT 1;",
    }.items():
        (tmp_path / f"{name}.sql").write_text(text)
    return tmp_path


def test_twice_is_once(lake_settings: LakeSettings) -> None:
    assert migrate(lake_settings) == [each.name for each in read_migrations()]
    before = query(lake_settings, "SELECT * FROM control.migration ORDER BY name")
    assert migrate(lake_settings) == []
    assert query(lake_settings, "SELECT * FROM control.migration ORDER BY name") == before
    assert [row[:2] for row in before] == [(each.name, each.checksum) for each in read_migrations()]


def test_a_later_file_is_applied_alone(lake_settings: LakeSettings, folder: Path) -> None:
    migrate(lake_settings, folder)
    (folder / "0003_three.sql").write_text("INSERT INTO one VALUES (3);")
    assert migrate(lake_settings, folder) == ["0003_three"]
    assert query(lake_settings, "SELECT n FROM one ORDER BY n") == [(2,), (3,)]


def test_many_at_once_apply_each_file_once(lake_settings: LakeSettings, folder: Path) -> None:
    with ThreadPoolExecutor(5) as threads:
        runs = list(threads.map(lambda _: migrate(lake_settings, folder), range(5)))
    assert sorted(runs) == [[], [], [], [], ["0001_one", "0002_two"]]
    assert query(lake_settings, "SELECT n FROM one") == [(2,)]


def test_a_second_run_waits_for_the_first(lake_settings: LakeSettings, folder: Path) -> None:
    done = Event()

    def run() -> None:
        migrate(lake_settings, folder)
        done.set()

    with connect(lake_settings, application="test", autocommit=True) as first:
        first.execute(load_sql("postgres/queries/lock_migrations"))
        second = Thread(target=run)
        second.start()
        assert not done.wait(1)
    assert done.wait(30)
    second.join()


def test_a_run_that_waits_too_long_says_who_is_busy(
    lake_settings: LakeSettings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumer.migrate.connect", impatient)
    with connect(lake_settings, application="test", autocommit=True) as first:
        first.execute(load_sql("postgres/queries/lock_migrations"))
        with pytest.raises(BusyError, match="still running"):
            migrate(lake_settings, folder)


def impatient(lake: LakeSettings, **options: Any) -> Any:
    connection = connect(lake, **options)
    connection.execute("SET lock_timeout = '200ms'")
    return connection


def test_an_edited_file_is_refused_before_anything_is_applied(lake_settings: LakeSettings, folder: Path) -> None:
    migrate(lake_settings, folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE one (n bigint);")
    (folder / "0003_three.sql").write_text("INSERT INTO one VALUES (3);")
    with pytest.raises(MigrationEditedError, match="0001_one"):
        migrate(lake_settings, folder)
    assert query(lake_settings, "SELECT n FROM one") == [(2,)]


def test_a_file_that_fails_leaves_nothing_and_is_named(lake_settings: LakeSettings, folder: Path) -> None:
    (folder / "0003_three.sql").write_text("INSERT INTO one VALUES (3); SELECT * FROM nowhere;")
    with pytest.raises(FatalError, match=r"42P01.*0003_three"):
        migrate(lake_settings, folder)
    assert query(lake_settings, "SELECT n FROM one") == [(2,)]
    (folder / "0003_three.sql").write_text("INSERT INTO one VALUES (4);")
    assert migrate(lake_settings, folder) == ["0003_three"]


@pytest.mark.parametrize("name", ["0002_again.sql", "three.sql", "3_three.sql", "0003-three.sql", "0003_Three.sql"])
def test_a_wrong_name_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1;")
    with pytest.raises(FatalError, match="Name it NNNN_what"):
        read_migrations(folder)


def test_an_old_database_moves_on_to_the_same_schema(lake_settings: LakeSettings, tmp_path: Path) -> None:
    """Step by step, as a user who upgrades would."""
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        shutil.copy(migration, tmp_path)
        assert migrate(lake_settings, tmp_path) == [migration.stem]
    assert migrate(lake_settings) == []


def test_every_table_view_and_column_is_explained(lake_settings: LakeSettings) -> None:
    migrate(lake_settings)
    silent = query(
        lake_settings,
        "SELECT relation.oid::regclass, attribute.attname FROM pg_class AS relation "
        "JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attribute.attnum >= 0 "
        "WHERE relation.relnamespace::regnamespace::text IN ('raw', 'lake', 'control') "
        "AND relation.relkind IN ('r', 'p', 'v') AND NOT attribute.attisdropped "
        "AND (col_description(relation.oid, attribute.attnum) IS NULL OR obj_description(relation.oid) IS NULL)",
    )
    assert silent == []
