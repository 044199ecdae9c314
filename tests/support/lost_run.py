"""Runs in Mage's environment: a job that lies in the queue while nobody serves it, and one tick of the scheduler."""

import time

from mage_ai.orchestration.queue import process_queue
from mage_ai.orchestration.queue.config import QueueConfig

import mage_project.mage  # noqa: F401 - puts its own queue in the place of Mage's


def job() -> None:
    print("the job ran", flush=True)


if __name__ == "__main__":
    queue = process_queue.ProcessQueue(QueueConfig(concurrency=2))
    queue.start()
    # What Mage leaves when the serving process ends before the job has come through the pipe.
    queue.job_dict["run"] = process_queue.JobStatus.QUEUED
    queue.queue.put(["run", job, (), {}])
    while queue.queue.empty():
        time.sleep(0.01)
    queue.clean_up_jobs()
    if queue.worker_pool_proc:
        queue.worker_pool_proc.join(120)
    queue.mp_manager.shutdown()
