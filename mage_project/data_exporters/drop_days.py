from consumer import maintenance

if "data_exporter" not in globals():
    from mage_ai.data_preparation.decorators import data_exporter


@data_exporter
def drop_days(*args, **kwargs):
    """Drop old days that every warehouse has; say why another stays."""
    return maintenance.drop_days()
