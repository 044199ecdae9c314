"""The lake's roles, made when they are missing, each with what it needs: `python -m consumer migrate --roles`.

The role that migrates needs CREATEROLE, CREATEDB and the database; it need not be a superuser. No password reaches the
server: it is told their SCRAM verifiers, which libpq computes here.
"""

from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege

from contracts.errors import ConfigurationError
from contracts.lake import classify, connect
from contracts.settings import LakeSettings, RolesSettings
from contracts.sql import load_sql


def apply_roles(lake: LakeSettings, roles: RolesSettings, mage_database: str) -> list[str]:
    """Bring all roles and Mage's database to what they must be; return the roles that were made.

    Run it after every migration. Raises UnreachableError; ConfigurationError when the role that migrates may not do it.
    """
    passwords = {
        roles.consumer: roles.consumer_password,
        roles.warehouse: roles.warehouse_password,
        roles.maintenance: roles.maintenance_password,
        roles.analyst: roles.analyst_password,
    }
    where = f"Postgres at {lake.address}"
    try:
        with connect(lake, application="migrate", autocommit=True) as connection:
            with connection.transaction():
                made = [role for role in passwords if _ensure_role(connection, role)]
                for role, password in passwords.items():
                    _set_password(connection, role, password.get_secret_value())
                _hand_over_days(connection, roles.maintenance)
                _grant(connection, lake, roles)
            _ensure_database(connection, mage_database, roles.warehouse)
        _hand_over_database(lake.model_copy(update={"database": mage_database}), roles.warehouse)
    except InsufficientPrivilege as error:
        raise ConfigurationError(
            f"The role {lake.user} may not manage the lake's roles",
            where=where,
            remedy="It needs CREATEROLE and CREATEDB, and has to own the database.",
        ) from error
    except psycopg.Error as error:
        raise classify(error, where=where) from error
    return made


def _ensure_role(connection: Connection[Any], role: str) -> bool:
    missing = connection.execute(load_sql("postgres/roles/find_role"), {"role": role}).fetchone() is None
    if missing:
        connection.execute(sql.SQL(load_sql("postgres/roles/create_role")).format(role=sql.Identifier(role)))
        connection.execute(sql.SQL(load_sql("postgres/roles/become")).format(role=sql.Identifier(role)))
    return missing


def _set_password(connection: Connection[Any], role: str, password: str) -> None:
    if password:
        verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        values = {"role": sql.Identifier(role), "verifier": sql.Literal(verifier)}
        connection.execute(sql.SQL(load_sql("postgres/roles/password")).format(**values))


def _hand_over_days(connection: Connection[Any], maintenance: str) -> None:
    """Give raw.trip_event, its days and what makes them to maintenance; quick when that is done already."""
    role = sql.Identifier(maintenance)
    connection.execute(sql.SQL(load_sql("postgres/roles/make_days")).format(maintenance=role))
    for (name,) in connection.execute(load_sql("postgres/roles/foreign_days"), {"role": maintenance}).fetchall():
        day = sql.Identifier("raw", name)
        connection.execute(sql.SQL(load_sql("postgres/roles/own")).format(day=day, maintenance=role))


def _grant(connection: Connection[Any], lake: LakeSettings, roles: RolesSettings) -> None:
    names = {name: getattr(roles, name) for name in ("consumer", "warehouse", "maintenance", "analyst")}
    values = {name: sql.Identifier(value) for name, value in (names | {"database": lake.database}).items()}
    connection.execute(sql.SQL(load_sql("postgres/roles/grants")).format(**values))
    connection.execute(sql.SQL(load_sql("postgres/roles/limits")).format(**values))


def _ensure_database(connection: Connection[Any], name: str, owner: str) -> None:
    if connection.execute(load_sql("postgres/stack/find_database"), (name,)).fetchone() is None:
        values = {"database": sql.Identifier(name), "warehouse": sql.Identifier(owner)}
        connection.execute(sql.SQL(load_sql("postgres/roles/create_database")).format(**values))


def _hand_over_database(mage: LakeSettings, owner: str) -> None:
    """Give the role what Mage keeps, whoever made it, and keep everybody else out."""
    with connect(mage, application="migrate") as connection:
        values = {"database": sql.Identifier(mage.database), "owner": sql.Identifier(owner), "name": sql.Literal(owner)}
        connection.execute(sql.SQL(load_sql("postgres/roles/hand_over_database")).format(**values))
