from mage_project import outcome

if "callback" not in globals():
    from mage_ai.data_preparation.decorators import callback


@callback("success")
def report_success(result, **kwargs):
    """Say in one line of the run's log what the step did, and how long it took."""
    print(outcome.succeeded(kwargs["parent_block_uuid"], result, kwargs.get("pipeline_run_id")))


@callback("failure")
def report_failure(*args, **kwargs):
    """Say in one line of the run's log what stopped the step, and what to do about it; the alert says it too."""
    print(outcome.failed(kwargs["parent_block_uuid"], kwargs["__error"], kwargs.get("pipeline_run_id")))
