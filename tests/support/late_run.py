"""Runs in Mage's environment: a run that has not ended within its trigger's `sla`, and Mage's message about it."""

from mage_ai.data_preparation.models.pipeline import Pipeline
from mage_ai.orchestration.triggers.api import trigger_pipeline

from mage_project import scheduler

if __name__ == "__main__":
    scheduler.prepare()
    run = trigger_pipeline("forecast", schedule_name="every_day")
    run.pipeline_schedule.update(sla=7200)
    Pipeline.get("forecast").get_notification_sender().send_pipeline_run_sla_passed_message(run.pipeline, run)
