"""Contender: the whole lake to typed Parquet by Mage's own way, a pandas frame over psycopg2, in Mage's environment.

`read_sql` over psycopg2's default cursor is what `mage_ai.io.postgres.Postgres.load` does. The JSON is unpacked in SQL,
which is twice as fast as in pandas; the contract is not checked at all.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import pandas
import psycopg2

from benchmarks.measured import measure
from contracts.settings import LakeSettings, load
from contracts.sql import load_sql


def whole_lake() -> dict[str, Any]:
    """Load a frame of everything that has landed, and write it; return its rows and the bytes of the file."""
    lake = load(LakeSettings)
    connection = psycopg2.connect(
        dbname=lake.database,
        user=lake.user,
        password=lake.password.get_secret_value(),
        host=lake.host,
        port=lake.port,
    )
    with connection, tempfile.TemporaryDirectory() as folder:
        # pandas would rather have SQLAlchemy; Mage silences it too.
        warnings.filterwarnings("ignore", category=UserWarning)
        frame = pandas.read_sql(load_sql("postgres/benchmarks/unpacked_events"), connection)
        file = Path(folder) / "events.parquet"
        frame.to_parquet(file, compression="zstd", index=False)
        return {"rows": len(frame), "bytes": file.stat().st_size}


if __name__ == "__main__":
    measure(whole_lake)
