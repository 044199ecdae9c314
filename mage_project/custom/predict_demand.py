from warehouse.forecast import steps

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom, test


@custom
def predict_demand(*args, **kwargs):
    """Predict the trips of each area and hour of the coming week into gold, and score how past weeks were predicted."""
    return steps.forecast()


@test
def the_week_is_whole_or_a_reason_is_given(forecast, *args):
    """Seven days of 24 hours for each area, or nothing and why."""
    assert forecast["reason"] if not forecast["rows"] else forecast["rows"] % (7 * 24) == 0, forecast
