"""What a step did, or what stopped it, in one line of the run's log; the alert of a failed run takes it from here.

Mage itself remembers only which block failed, and not why. Mage is imported when there is a run to remember it for.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mage_project.alerts import in_one_line

# Where the line stands in a block run's `metrics`.
STOPPED_BY = "stopped_by"


def succeeded(block: str, result: Mapping[str, Any], run: int | None) -> str:
    """Return the line: every figure that the step returned, and the seconds that it took."""
    figures = dict(result)
    if run is not None:
        figures["seconds"] = round((datetime.now(UTC) - _started(run, block)).total_seconds(), 1)
    return f"{block}: " + ", ".join(f"{name} {value}" for name, value in figures.items())


def failed(block: str, error: BaseException, run: int | None) -> str:
    """Return the line, and remember it with the block's run."""
    line = in_one_line(error)
    if run is not None:
        found = _block_run(run, block)
        found.update(metrics={**(found.metrics or {}), STOPPED_BY: line})
    return f"{block} failed: {line}"


def _started(run: int, block: str) -> datetime:
    started: datetime = _block_run(run, block).started_at
    # SQLite, the history of a run without a server, forgets the zone.
    return started if started.tzinfo else started.replace(tzinfo=UTC)


def _block_run(run: int, block: str) -> Any:
    from mage_ai.orchestration.db.models.schedules import BlockRun  # noqa: PLC0415 - there may be no Mage

    return BlockRun.get(pipeline_run_id=run, block_uuid=block)
