from consumer import maintenance

if "data_loader" not in globals():
    from mage_ai.data_preparation.decorators import data_loader


@data_loader
def make_days(*args, **kwargs):
    """Make the partitions of today and of the days to come."""
    return maintenance.make_days()
