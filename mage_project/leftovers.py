"""What Mage keeps of its runs and never clears away: outputs and logs in files, runs and blocks in its database.

Mage's own `clean-cached-variables` and `clean-old-logs` know the files alone, and start all of Mage for them.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from contracts.lake import classify, connect
from contracts.settings import LakeSettings, MageSettings, MaintenanceSettings, load
from contracts.sql import load_sql

# Mage names the folder of a run by when it was due, UTC; below that, `_` and microseconds.
PARTITION = "%Y%m%dT%H%M%S"


def clean(*, dry_run: bool = False) -> dict[str, Any]:
    """Delete finished runs that are older than `TRIPLINE_MAINTENANCE_MAGE_DAYS`, with their outputs and logs.

    The newest run of each trigger stays: Mage counts from it. Returns how many runs, folders and bytes there were.
    Raises UnreachableError, ConfigurationError, and TransientError or FatalError by what Postgres refuses.
    """
    mage, before = load(MageSettings), datetime.now(UTC) - timedelta(days=load(MaintenanceSettings).mage_days)
    folders = list(old_folders(Path(mage.data_folder), before))
    size = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
    runs = _delete_runs(load(LakeSettings), mage.database, before, dry_run=dry_run)
    for folder in folders if not dry_run else ():
        shutil.rmtree(folder, ignore_errors=True)
    return {"runs_deleted": runs, "folders_deleted": len(folders), "bytes_deleted": size}


def old_folders(data: Path, before: datetime) -> Iterator[Path]:
    """Yield the folders of old runs: outputs and logs of a server's, and what failed runs without a server left."""
    limit = before.strftime(PARTITION)
    for kind in (".variables", ".logs"):
        for folder in data.glob(f"*/pipelines/*/{kind}/*/*"):
            if folder.is_dir() and _is_partition(folder.name) and folder.name < limit:
                yield folder
    for folder in data.glob("headless-*"):
        if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < before:
            yield folder


def _is_partition(name: str) -> bool:
    try:
        datetime.strptime(name.partition("_")[0], PARTITION).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def _delete_runs(lake: LakeSettings, database: str, before: datetime, *, dry_run: bool) -> int:
    where = f"Mage's database {database} in Postgres at {lake.address}"
    try:
        with connect(lake, application="maintenance") as connection:
            if connection.execute(load_sql("postgres/stack/find_database"), (database,)).fetchone() is None:
                return 0
        with connect(lake.model_copy(update={"database": database}), application="maintenance") as connection:
            (there,) = connection.execute(load_sql("postgres/mage/has_runs")).fetchone() or (False,)
            if not there:
                return 0
            deleted = connection.execute(load_sql("postgres/mage/delete_runs"), {"before": before}).fetchone()
            if dry_run:
                connection.rollback()
    except psycopg.Error as error:
        raise classify(error, where=where) from error
    return int(deleted[0]) if deleted else 0
