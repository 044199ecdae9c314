if "callback" not in globals():
    from mage_ai.data_preparation.decorators import callback


@callback("success")
def report_success(result, **kwargs):
    """Say in one line of the run's log what the step did."""
    print(f"{kwargs['parent_block_uuid']}: " + ", ".join(f"{name} {value}" for name, value in result.items()))


@callback("failure")
def report_failure(*args, **kwargs):
    """Say in one line of the run's log what stopped the step, and what to do about it."""
    print(f"{kwargs['parent_block_uuid']} failed: {kwargs['__error']}")
