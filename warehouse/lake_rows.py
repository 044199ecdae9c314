"""Asking the lake: the rows of a named query, its errors as ours."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from contracts.lake import classify
from contracts.sql import load_sql


def read_rows(
    connection: Connection[Any], name: str, parameters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of `sql/postgres/queries/<name>.sql`. Raises TransientError, FatalError (no schema yet)."""
    try:
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(load_sql(f"postgres/queries/{name}"), parameters or {}).fetchall()
    except psycopg.Error as error:
        raise classify(error, where=f"{name} in the lake") from error
