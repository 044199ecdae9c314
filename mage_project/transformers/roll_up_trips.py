from consumer import maintenance

if "transformer" not in globals():
    from mage_ai.data_preparation.decorators import transformer


@transformer
def roll_up_trips(*args, **kwargs):
    """Count the service dates again that new events speak of."""
    return maintenance.roll_up_trips()
