from warehouse import steps

if "data_loader" not in globals():
    from mage_ai.data_preparation.decorators import data_loader, test


@data_loader
def plan(*args, **kwargs):
    """Fix the next window of offsets, or go on with the one that is not finished."""
    return steps.plan()


@test
def there_is_a_window_or_nothing_to_do(window, *args):
    """A window without offsets, or offsets without a window, would lose events."""
    assert (window["load_id"] is None) == (window["offsets"] == 0), window
