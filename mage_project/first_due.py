"""A schedule runs for the first time when it is due for the first time, and not at once because it was due last night.

Mage knows when a trigger was enabled only from its file, which is older than any database that reads it. So the first
start of a stack would run everything daily at the same time, on a warehouse that is still empty.
"""

from datetime import UTC
from typing import Any

from mage_ai.orchestration.db.models.schedules import PipelineSchedule

_mages_should_schedule = PipelineSchedule.should_schedule


def install() -> None:
    """Take the place of Mage's question whether a schedule is due, in this process and those that it forks."""
    PipelineSchedule.should_schedule = _should_schedule


def _should_schedule(schedule: Any, *arguments: Any, **named: Any) -> bool:
    return bool(_mages_should_schedule(schedule, *arguments, **named)) and not _was_due_before_it_was_known(schedule)


def _was_due_before_it_was_known(schedule: Any) -> bool:
    """Whether it was last due before Mage's database had it; with `create_initial_pipeline_run` that run is wanted."""
    if schedule.get_settings().create_initial_pipeline_run:
        return False
    due = schedule.current_execution_date()
    return due is not None and due < schedule.created_at.astimezone(UTC)
