"""Names of the datasets and tables in BigQuery, and the one place that puts names and dates into SQL."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from contracts.settings import BigQuerySettings

_NAME = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]\.[a-z0-9_]{1,128}(\.[a-z0-9_]{1,128})?")
_TIME_ZONE = re.compile(r"[A-Za-z]+(/[A-Za-z0-9_+-]+){0,2}")
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,127}")
_PLACEHOLDER = re.compile(r"\{(\w+)(?: ([\w.]+))?\}")
SHORTEST_RUN = 3

DATASETS = ("bronze", "silver", "gold")


class Target(NamedTuple):
    """One warehouse: the datasets `bronze`, `silver` and `gold` of a project, behind a prefix, and the city's time."""

    project: str
    prefix: str
    time_zone: str = "America/Chicago"

    @classmethod
    def of(cls, settings: BigQuerySettings) -> "Target":
        """Return the warehouse that the settings name."""
        return cls(settings.project, settings.dataset_prefix, settings.time_zone)

    @property
    def key(self) -> str:
        """Identifies the warehouse in the ledger: one lake can feed several."""
        return f"{self.project}.{self.prefix}"

    def dataset(self, name: str) -> str:
        """Return `project.<prefix>name`."""
        return f"{self.project}.{self.prefix}{name}"

    def beside(self, name: str) -> "Target":
        """Return a warehouse beside this one: `<prefix><name>_bronze`, …"""
        return self._replace(prefix=f"{self.prefix}{name}_")

    def aside(self, restatement: int) -> "Target":
        """Return where a restatement builds its tables before they replace those of this warehouse."""
        return self.beside(f"rebuild_{restatement}")

    def table(self, name: str) -> str:
        """Return `project.<prefix>dataset.table` of `dataset.table`."""
        return f"{self.project}.{self.prefix}{name}"

    def staging(self, load_id: str, kind: str = "event") -> str:
        """Return the staging table of one window, `project.dataset.table`."""
        return f"{self.dataset('bronze')}.staging_{kind}_{load_id}"


def render(
    sql: str,
    target: Target,
    *,
    tables: Mapping[str, str] | None = None,
    dates: Iterable[date] = (),
    columns: Sequence[str] = (),
) -> str:
    """Return BigQuery SQL with its names and its partition bounds filled in.

    `{bronze}`, `{silver}` and `{gold}` become datasets, each name of `tables` a table. `{bounds column}` becomes a
    condition that holds for `dates` alone, and `{first_date}` and `{last_date}` are their ends: as literals, because
    these alone keep BigQuery from reading other partitions. `{columns}` becomes the names of `columns`, `{time_zone}`
    the city's, as a literal. Raises ValueError for a name that is not a BigQuery name or a time zone's; KeyError for a
    placeholder without a value.
    """
    values = {name: target.dataset(name) for name in DATASETS} | dict(tables or {})
    for name in values.values():
        if not _NAME.fullmatch(name):
            raise ValueError(f"Not a name of a BigQuery dataset or table: {name!r}")
    if not _TIME_ZONE.fullmatch(target.time_zone):
        raise ValueError(f"Not a name of a time zone: {target.time_zone!r}")
    for name in columns:
        if not _COLUMN.fullmatch(name):
            raise ValueError(f"Not a name of a column: {name!r}")
    if columns:
        values["columns"] = ", ".join(columns)
    values["time_zone"] = f"'{target.time_zone}'"
    days = sorted(set(dates))
    if days:
        values |= {"first_date": _literal(days[0]), "last_date": _literal(days[-1])}

    def value(placeholder: re.Match[str]) -> str:
        keyword, column = placeholder.groups()
        return values[keyword] if column is None else partition_bounds(column, days)

    return _PLACEHOLDER.sub(value, sql)


def partition_bounds(column: str, days: Sequence[date]) -> str:
    """Return the condition that `column` is one of `days` (ordered, without repetition), in literals.

    Runs of days become one BETWEEN: a window over years would else repeat a thousand literals in each statement.
    Raises KeyError without a day: there would be no bound.
    """
    if not days:
        raise KeyError(f"No bounds for {column}")
    conditions: list[str] = []
    single: list[str] = []
    for run in _runs(days):
        if len(run) < SHORTEST_RUN:
            single += [_literal(day) for day in run]
        else:
            conditions.append(f"{column} BETWEEN {_literal(run[0])} AND {_literal(run[-1])}")
    if single:
        conditions.append(f"{column} IN ({', '.join(single)})")
    return f"({' OR '.join(conditions)})"


def _runs(days: Sequence[date]) -> Iterator[list[date]]:
    """Divide ordered days into runs in which each day follows the one before."""
    for _, run in groupby(enumerate(days), key=lambda each: each[1].toordinal() - each[0]):
        yield [day for _, day in run]


def _literal(day: date) -> str:
    return f"DATE '{day:%Y-%m-%d}'"
