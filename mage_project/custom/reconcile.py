from warehouse import steps

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom, test


@custom
def reconcile(upstream, *args, **kwargs):
    """Compare counts and money of lake and warehouse; an equal window is marked as loaded."""
    return steps.reconcile(upstream["load_id"])


@test
def the_window_is_closed(window, *args):
    """A run that ends well leaves no window behind."""
    assert window["state"] == "reconciled", window
