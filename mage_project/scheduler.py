"""Runs a pipeline as Mage's scheduler does (retries, tests, conditions, callbacks), without a server.

Import it last: Mage reads its environment (`environment.headless_environment`) and takes its queue
(`workers.do_without`) when it is imported.
"""

import time
from collections.abc import Mapping
from typing import Any

from mage_ai.data_preparation.executors.executor_factory import ExecutorFactory
from mage_ai.data_preparation.models.pipeline import Pipeline
from mage_ai.orchestration.db import db_connection
from mage_ai.orchestration.db.database_manager import database_manager
from mage_ai.orchestration.db.models.schedules import BlockRun, PipelineRun
from mage_ai.orchestration.pipeline_scheduler import PipelineScheduler
from mage_ai.orchestration.triggers.api import trigger_pipeline

from mage_project import notify
from mage_project.environment import HEADLESS
from mage_project.result import BlockResult, RunResult


def prepare() -> None:
    """Make the tables of Mage's own state, and let failed runs alert."""
    notify.install()
    database_manager.run_migrations()
    db_connection.start_session()


def has_condition(pipeline: str) -> bool:
    """Return whether the pipeline can find that there is nothing to do."""
    return bool(Pipeline.get(pipeline).conditional_configs)


def execute(pipeline: str, variables: Mapping[str, Any]) -> RunResult:
    """Run the pipeline once, in this process."""
    started = time.monotonic()
    run = trigger_pipeline(pipeline, variables=dict(variables), schedule_name=HEADLESS)
    scheduler = PipelineScheduler(run)
    scheduler.start(should_schedule=False)
    error: Exception | None = None
    try:
        ExecutorFactory.get_pipeline_executor(scheduler.pipeline, execution_partition=run.execution_partition).execute(
            pipeline_run_id=run.id, global_vars=run.get_variables(), update_status=False
        )
    except Exception as raised:
        error = raised
    # Settles the run's status and sends its notifications.
    scheduler.schedule()
    db_connection.session.refresh(run)
    blocks = [_result(scheduler.pipeline, run, block_run) for block_run in run.block_runs]
    return RunResult(pipeline, run.status.value, time.monotonic() - started, blocks, error)


def _result(pipeline: Pipeline, run: PipelineRun, block_run: BlockRun) -> BlockResult:
    block, status = block_run.block_uuid, block_run.status.value
    if block_run.status != BlockRun.BlockRunStatus.COMPLETED:
        return BlockResult(block, status, 0.0, {})
    output = pipeline.variable_manager.get_variable(pipeline.uuid, block, "output_0", partition=run.execution_partition)
    seconds = (block_run.completed_at - block_run.started_at).total_seconds()
    return BlockResult(block, status, seconds, output if isinstance(output, dict) else {})
