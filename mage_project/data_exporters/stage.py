from warehouse import steps

if "data_exporter" not in globals():
    from mage_ai.data_preparation.decorators import data_exporter


@data_exporter
def stage(upstream, *args, **kwargs):
    """Load the window's files into BigQuery's staging tables."""
    return steps.stage(upstream["load_id"])
