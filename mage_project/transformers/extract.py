from warehouse import steps

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer


@transformer
def extract(upstream, *args, **kwargs):
    """Copy the window out of the lake, check the contract, write typed Parquet files."""
    return steps.extract(upstream["load_id"])
