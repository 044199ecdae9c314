"""Loading windows again that the ledger has closed: several at once, and judged as they were then."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from contracts.errors import FatalError
from warehouse import extract as extraction
from warehouse import staging
from warehouse.ledger import Ledger, Load, State
from warehouse.names import Target
from warehouse.run import Run
from warehouse.window import Partition, Range, load_id


class Batch(NamedTuple):
    """Closed windows that follow each other, and what the ledger says that they held."""

    ranges: tuple[Range, ...]
    landed: int
    accepted: int
    rejected: int

    @property
    def offsets(self) -> int:
        """How many offsets they cover."""
        return sum(each.offsets for each in self.ranges)


def require_closed(ledger: Ledger) -> None:
    """Raise FatalError while a window is not finished: its events may stand in the warehouse half."""
    unfinished = ledger.unfinished()
    if unfinished is not None:
        raise FatalError(
            f"A window is not finished: it is {unfinished.state}",
            where=f"load {unfinished.load_id}",
            remedy="`python -m warehouse run` finishes it.",
        )


def batches(windows: Iterable[Load], rows: int) -> Iterator[Batch]:
    """Join windows that follow each other to batches of at most `rows` offsets; a larger window stays whole."""
    group: list[Load] = []
    ends: dict[Partition, int] = {}
    for window in windows:
        follows = all(ends.get(_partition(each), each.from_offset) == each.from_offset for each in window.ranges)
        if group and (not follows or sum(each.offsets for each in group) + window.offsets > rows):
            yield _join(group)
            group, ends = [], {}
        group.append(window)
        ends |= {_partition(each): each.to_offset for each in window.ranges}
    if group:
        yield _join(group)


def stage_again(run: Run, into: Target, batch: Batch, attempt: int, advance: Callable[[int], None]) -> Load:
    """Extract a batch and stage it in `into`; `attempt` keeps its ids apart from those of other attempts.

    Raises FatalError when the lake does not hold the same events any more, or the contract judges them otherwise.
    """
    identifier = load_id(f"{into.key} restatement {attempt}", batch.ranges)
    files = extraction.files_of(run.settings, into.key, identifier)
    with run.connect_lake() as connection:
        found = extraction.extract(connection, batch.ranges, files, advance)
    window = _window(identifier, batch, found)
    _require_same(batch, found)
    staging.stage(run.bigquery, into, window, files, now=datetime.now(UTC))
    files.remove()
    return window


def _require_same(batch: Batch, found: extraction.Extracted) -> None:
    where = ", ".join(f"{r.topic}[{r.kafka_partition}] {r.from_offset}-{r.to_offset}" for r in batch.ranges)
    if found.landed != batch.landed:
        raise FatalError(
            f"The lake holds {found.landed} events of these windows; {batch.landed} were loaded",
            where=where,
            remedy="Nothing was changed. `python -m warehouse rebuild gold` needs no lake.",
        )
    if found.rejected != batch.rejected:
        raise FatalError(
            f"The contract rejects {found.rejected} events of these windows; it rejected {batch.rejected} then",
            where=where,
            remedy="Nothing was changed. `python -m warehouse replay-rejected` takes in what a wider contract lets "
            "pass; `python -m warehouse rebuild silver` judges everything again.",
        )


def _window(identifier: str, batch: Batch, found: extraction.Extracted) -> Load:
    return Load(
        load_id=identifier,
        state=State.EXTRACTED,
        offsets=batch.offsets,
        ranges=batch.ranges,
        **found._asdict(),
        duplicate_equal=None,
        duplicate_different=None,
        trips=None,
    )


def _join(windows: Sequence[Load]) -> Batch:
    spans: dict[Partition, Range] = {}
    for window in windows:
        for each in window.ranges:
            before = spans.get(_partition(each), each)
            spans[_partition(each)] = each._replace(from_offset=before.from_offset)
    counts = {name: sum(getattr(each, name) or 0 for each in windows) for name in ("landed", "accepted", "rejected")}
    return Batch(tuple(spans[each] for each in sorted(spans)), **counts)


def _partition(each: Range) -> Partition:
    return Partition(each.topic, each.kafka_partition)
