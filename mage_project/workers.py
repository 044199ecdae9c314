"""Headless, all blocks run in the process that asks for it: no workers, and no process that keeps track of them."""

from collections.abc import Callable

from mage_ai.orchestration.queue.queue import Queue
from mage_ai.orchestration.queue.queue_factory import QueueFactory


class NoWorkers(Queue):  # type: ignore[misc]
    """Mage's queue of jobs for worker processes, always empty."""

    def start(self) -> None:
        """Start nothing."""

    def stop(self) -> None:
        """Stop nothing."""

    def clean_up_jobs(self) -> None:
        """Find nothing to clean up."""

    def enqueue(self, job_id: str, target: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Refuse a job, which nobody would run."""
        raise NotImplementedError(job_id)

    def has_job(self, job_id: str, **_: object) -> bool:
        """Say that the job is neither waiting nor running."""
        return False

    def kill_job(self, job_id: str) -> None:
        """Find nothing to kill."""


def do_without() -> None:
    """Keep Mage from starting its queue's process, which a killed run would leave behind.

    Has an effect only before `mage_ai.orchestration.pipeline_scheduler` is imported.
    """
    QueueFactory.queue = NoWorkers()
