from warehouse import steps

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def reconcile(upstream, *args, **kwargs):
    """Compare counts and money of lake and warehouse; an equal window is marked as loaded."""
    return steps.reconcile(upstream["load_id"])
