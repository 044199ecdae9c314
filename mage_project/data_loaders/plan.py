from warehouse import steps

if "data_loader" not in globals():
    from mage_ai.data_preparation.decorators import data_loader


@data_loader
def plan(*args, **kwargs):
    """Fix the next window of offsets, or go on with the one that is not finished."""
    return steps.plan()
