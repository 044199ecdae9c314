from warehouse import steps

if "data_exporter" not in globals():
    from mage_ai.data_preparation.decorators import data_exporter


@data_exporter
def publish(upstream, *args, **kwargs):
    """Restate the gold tables of the window's service dates."""
    return steps.publish(upstream["load_id"])
