"""Connecting to the Postgres lake, and what its errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from contracts.errors import (
    ConfigurationError,
    FatalError,
    PoisonError,
    TransientError,
    TriplineError,
    UnreachableError,
)
from contracts.settings import LakeSettings
from contracts.sql import load_sql

_POISON = ("22", "23", "21", "54")
_TRANSIENT = ("08", "40", "53", "57P01", "57P02", "57P03", "57014", "25P03", "55P03")


def connect(
    lake: LakeSettings, *, application: str, autocommit: bool = False, statement_seconds: float = 0
) -> Connection[TupleRow]:
    """Open a connection, UTC, UTF-8 and with bounded waiting.

    `statement_seconds` bounds each statement in the server, and how long it keeps an abandoned transaction's locks; 0
    leaves statements to the limit of the role.

    Raises UnreachableError, naming the address, within `lake.timeout_seconds`; ConfigurationError for a wrong role,
    password or database.
    """
    idle_seconds = statement_seconds or 60
    limit = f" -c statement_timeout={int(statement_seconds * 1000)}" if statement_seconds else ""
    # Built from fields, never a URI: psycopg's message on a malformed URI prints part of the password.
    conninfo = make_conninfo(
        host=lake.host,
        port=lake.port,
        dbname=lake.database,
        user=lake.user,
        password=lake.password.get_secret_value(),
        sslmode=lake.sslmode,
        connect_timeout=lake.timeout_seconds,
        application_name=f"tripline-{application}",
        client_encoding="UTF8",
        options=f"-c timezone=UTC -c lock_timeout=30s{limit}"
        f" -c idle_in_transaction_session_timeout={int(idle_seconds * 1000)}",
        keepalives_idle=10,
        tcp_user_timeout=15_000,
    )
    try:
        return psycopg.connect(conninfo, autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise connection_error(error, lake) from error


@contextmanager
def locks_let_go(connection: Connection[TupleRow]) -> Iterator[None]:
    """Give back the session's advisory locks at the end of the block, for whoever comes next.

    The server would do it when it notices the end of the connection, which on a busy machine is a moment later.
    """
    try:
        yield
    finally:
        with suppress(psycopg.Error):
            connection.execute(load_sql("postgres/queries/unlock_all"))


def connection_error(error: psycopg.OperationalError, lake: LakeSettings) -> FatalError:
    """Name why no connection could be had.

    libpq gives no SQLSTATE before a connection stands; whether a password was asked for tells a server that refused
    from one that did not answer.
    """
    where = f"Postgres at {lake.address}"
    if error.pgconn is not None and error.pgconn.used_password:
        return ConfigurationError(
            "Postgres refused the role, password or database",
            where=where,
            remedy="Check TRIPLINE_LAKE_USER, _PASSWORD and _DATABASE.",
        )
    return UnreachableError(
        "Postgres did not answer",
        where=where,
        remedy="Is it running? `make up` starts one; TRIPLINE_LAKE_HOST and _PORT name another.",
    )


def classify(error: psycopg.Error, *, where: str) -> TriplineError:
    """Turn a database error into poison, transient or fatal, by its SQLSTATE alone.

    The message carries the SQLSTATE and never Postgres' own text: its DETAIL and CONTEXT quote the data.
    """
    state = error.sqlstate
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and state is None:
        return TransientError("The connection to Postgres was lost", where=where)
    if state is None or state.startswith(_POISON):
        # A NUL byte is refused by psycopg itself, without a SQLSTATE.
        return PoisonError(f"Postgres refused a value (SQLSTATE {state or 'none'})", where=where)
    name = type(error).__name__
    if state.startswith(_TRANSIENT):
        return TransientError(f"Postgres cannot serve now: {name} (SQLSTATE {state})", where=where)
    return FatalError(
        f"Postgres refused the statement: {name} (SQLSTATE {state})",
        where=where,
        remedy="Is the schema there (`python -m consumer migrate`) and the role allowed to?",
    )
