"""Makes Mage send our alerts when a run failed or is late, besides what its own `notification_config` says.

Mage's own Slack message does not say what stopped the run, and is sent without a time limit by the process that
schedules all runs. It has no plain webhook.
"""

from typing import Any

from mage_ai.orchestration.db.models.schedules import PipelineRun
from mage_ai.orchestration.notification.sender import NotificationSender
from mage_ai.settings import MAGE_PUBLIC_HOST

from contracts.settings import MageSettings, load
from mage_project.alerts import Alert, send
from mage_project.environment import HEADLESS
from mage_project.outcome import STOPPED_BY

_mages_failure = NotificationSender.send_pipeline_run_failure_message
_mages_late = NotificationSender.send_pipeline_run_sla_passed_message


def install() -> None:
    """Take the place of Mage's two messages, in this process and those that it forks."""
    NotificationSender.send_pipeline_run_failure_message = _on_failure
    NotificationSender.send_pipeline_run_sla_passed_message = _on_late


def _on_failure(sender: Any, pipeline: Any, pipeline_run: Any, error: str = "", **details: Any) -> None:
    if not _is_repeated(pipeline_run):
        reasons = [block.metrics[STOPPED_BY] for block in pipeline_run.failed_block_runs if block.metrics]
        reason = (*reasons, details.get("summary") or error)[0]
        send(_alert("failed", pipeline_run, ", ".join(_failed_blocks(pipeline_run)), reason), load(MageSettings))
    _mages_failure(sender, pipeline=pipeline, pipeline_run=pipeline_run, error=error, **details)


def _on_late(sender: Any, pipeline: Any, pipeline_run: Any) -> None:
    seconds = pipeline_run.pipeline_schedule.sla
    reason = f"It has not ended {seconds:,} seconds after it was due. Look at what it waits for."
    send(_alert("late", pipeline_run, "", reason), load(MageSettings))
    _mages_late(sender, pipeline, pipeline_run)


def _alert(what: str, run: Any, block: str, error: str) -> Alert:
    trigger = run.pipeline_schedule.name
    link = "" if trigger == HEADLESS else f"{MAGE_PUBLIC_HOST}/pipelines/{run.pipeline_uuid}/runs/{run.id}"
    return Alert(what, run.pipeline_uuid, run.id, trigger, block, error, link)


def _is_repeated(run: Any) -> bool:
    """Whether the pipeline's run before failed in the same hour and in the same block: that was alerted."""
    ended = (PipelineRun.PipelineRunStatus.COMPLETED, PipelineRun.PipelineRunStatus.FAILED)
    earlier = PipelineRun.query.filter(
        PipelineRun.pipeline_uuid == run.pipeline_uuid, PipelineRun.id < run.id, PipelineRun.status.in_(ended)
    )
    previous = earlier.order_by(PipelineRun.id.desc()).first()
    if previous is None or previous.status == PipelineRun.PipelineRunStatus.COMPLETED:
        return False
    hour, previous_hour = (each.execution_date.replace(minute=0, second=0, microsecond=0) for each in (run, previous))
    return hour == previous_hour and _failed_blocks(run) == _failed_blocks(previous)


def _failed_blocks(run: Any) -> list[str]:
    return sorted(block.block_uuid for block in run.failed_block_runs)
