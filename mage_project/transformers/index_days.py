from consumer import maintenance

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer


@transformer
def index_days(*args, **kwargs):
    """Index, freeze and analyse the days that have closed."""
    return maintenance.index_days()
