from warehouse.restate import restate

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def build_again(request, *args, **kwargs):
    """Build silver or gold again, all of it or some service dates, or load a window again."""
    return restate(**request)
