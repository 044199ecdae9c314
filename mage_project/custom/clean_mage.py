from mage_project import leftovers

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def clean_mage(*args, **kwargs):
    """Delete Mage's own old runs, with their outputs and logs."""
    return leftovers.clean()
