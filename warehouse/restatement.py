"""Restatements in Postgres: what was asked for beside the ordinary windows, and how far each is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    Update,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from contracts.settings import LakeSettings
from warehouse.day_ledger import DayLedger, ReplayedDay
from warehouse.ledger import hold_ledger
from warehouse.names import Target

_metadata = MetaData(schema="control")
_restatement = Table(
    "restatement",
    _metadata,
    Column("restatement_id", BigInteger, primary_key=True),
    Column("target", Text),
    Column("kind", Text),
    Column("scope", JSONB),
    Column("done", JSONB),
    Column("counts", JSONB),
    Column("changed_at"),
    Column("finished_at"),
)


_replayed_event = Table(
    "replayed_event",
    _metadata,
    Column("target", Text),
    Column("topic", Text),
    Column("kafka_partition", Integer),
    Column("kafka_offset", BigInteger),
    Column("restatement_id", BigInteger),
    Column("load_id", Text),
    Column("reason", Text),
    Column("field", Text),
)
_load = Table(
    "load",
    _metadata,
    Column("load_id", Text),
    Column("target", Text),
    Column("accepted", BigInteger),
    Column("rejected", BigInteger),
    Column("fare_minor_units", BigInteger),
    Column("duplicate_equal", BigInteger),
    Column("duplicate_different", BigInteger),
)


class Replayed(NamedTuple):
    """What a replay moved of a window: counts by column of control.load and by day; events with their former reason."""

    load_id: str
    counts: Mapping[str, int]
    events: Sequence[tuple[str, int, int, str, str]]
    day: ReplayedDay


class Restatement:
    """One backfill, rebuild or replay; when it was killed, the same request finds it again and goes on."""

    def __init__(self, connection: Connection, target: Target, number: int, done: Mapping[str, Any]) -> None:
        self._connection = connection
        self._done = dict(done)
        self._target = target.key
        self._days = DayLedger(connection, target.key)
        self.number = number
        self.aside = target.aside(number)

    def once(self, part: str, work: Callable[[], Any]) -> Any:
        """Do a part that has not been done yet; return what it found (JSON), now or in an earlier attempt."""
        if part not in self._done:
            self._done[part] = work()
            self._write(done=self._done)
        return self._done[part]

    def is_done(self, part: str) -> bool:
        """Whether a part is done."""
        return part in self._done

    def all(self, suffix: str) -> list[tuple[str, Any]]:
        """Return the parts whose names end with `suffix`, without it, and what each found."""
        return [(part.removesuffix(suffix), found) for part, found in self._done.items() if part.endswith(suffix)]

    def unfinished(self, begun: str, ended: str) -> list[tuple[str, Any]]:
        """Return the parts that have a suffix and not yet the other one, and what each found."""
        return [(name, found) for name, found in self.all(begun) if not self.is_done(name + ended)]

    def book(self, part: str, replayed: Replayed) -> None:
        """Close a part of a replay: its counts go to the window's books, its events to the audit, in one transaction.

        A window that accepts more rejects less.
        """
        self._done[part] = True
        changes = {name: _load.c[name] + count for name, count in replayed.counts.items()}
        changes["rejected"] = _load.c.rejected - replayed.counts["accepted"]
        of_window = update(_load).where(_load.c.load_id == replayed.load_id, _load.c.target == self._target)
        columns = ("topic", "kafka_partition", "kafka_offset", "reason", "field")
        of_all = {"target": self._target, "restatement_id": self.number, "load_id": replayed.load_id}
        with self._connection.begin():
            self._connection.execute(of_window.values(changes))
            self._days.add_replayed(replayed.day)
            self._connection.execute(
                insert(_replayed_event),
                [{**of_all, **dict(zip(columns, event, strict=True))} for event in replayed.events],
            )
            self._connection.execute(self._update(done=self._done))

    def newest(self) -> int:
        """Return the number of the newest restatement of the target, this one or one that came after it."""
        of_target = select(func.max(_restatement.c.restatement_id)).where(_restatement.c.target == self._target)
        with self._connection.begin():
            return int(self._connection.scalar(of_target) or 0)

    def finish(self, counts: Mapping[str, Any]) -> None:
        """Write down that all is done, and what it came to."""
        self._write(counts=dict(counts), finished_at=func.now())

    def _write(self, **values: Any) -> None:
        with self._connection.begin():
            self._connection.execute(self._update(**values))

    def _update(self, **values: Any) -> Update:
        of_this = update(_restatement).where(_restatement.c.restatement_id == self.number)
        return of_this.values(changed_at=func.now(), **values)


@contextmanager
def restating(lake: LakeSettings, target: Target, kind: str, scope: Mapping[str, Any]) -> Iterator[Restatement]:
    """Begin a restatement, or go on with the unfinished one of the same kind and scope; one at a time for a target.

    Raises BusyError while another one of this target runs, and what opening the ledger raises.
    """
    wanted = {"target": target.key, "kind": kind, "scope": dict(scope)}
    unfinished = select(_restatement.c.restatement_id, _restatement.c.done).where(
        *(_restatement.c[name] == value for name, value in wanted.items()), _restatement.c.finished_at.is_(None)
    )
    begun = insert(_restatement).values(**wanted).returning(_restatement.c.restatement_id, _restatement.c.done)
    # A lock of its own: the ordinary windows go on while a rebuild works beside them.
    with hold_ledger(lake, target.beside("restatement")) as ledger:
        with ledger.connection.begin():
            number, done = ledger.connection.execute(unfinished).one_or_none() or ledger.connection.execute(begun).one()
        yield Restatement(ledger.connection, target, number, done)
