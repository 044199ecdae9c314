from warehouse import steps

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer


@transformer
def merge(upstream, *args, **kwargs):
    """Merge the staged window into the silver tables."""
    return steps.merge(upstream["load_id"])
