if "condition" not in globals():
    from mage_ai.data_preparation.decorators import condition


@condition
def has_window(plan, *args, **kwargs):
    """Go on only when there is something to load."""
    return plan["load_id"] is not None
