"""Mage's own command with our alerts, first runs, and a queue that loses no run: `python -m mage_project.mage start …`.

Mage puts a run into its queue and at once forks the process that serves it. While the run is still on its way through
the pipe, that process finds the queue empty and ends; the run waits for ever, and with it all later runs of its
schedule, since there is only one at a time.
"""

from mage_ai.cli.main import app
from mage_ai.orchestration.queue import process_queue

# Each block is a fork of this process: what is imported here, none of them imports again.
import warehouse.steps  # noqa: F401
from mage_project import first_due, notify


class ServedQueue(process_queue.ProcessQueue):  # type: ignore[misc]
    """Mage's queue; at every tick of the scheduler it makes sure that what waits is served."""

    def clean_up_jobs(self) -> None:
        """Forget finished jobs, as Mage does, and start the serving process when it has ended too early."""
        super().clean_up_jobs()
        if not self.queue.empty() and not self.is_worker_pool_alive():
            self.start_worker_pool()


# Mage looks the class up when its scheduler makes the queue.
process_queue.ProcessQueue = ServedQueue
notify.install()
first_due.install()

if __name__ == "__main__":
    app()
