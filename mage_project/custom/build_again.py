from warehouse.restate import restate

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def build_again(*args, **kwargs):
    """Build silver or gold again, all of it or some service dates, or load a window again."""
    return restate(**{name: kwargs.get(name) or "" for name in ("what", "first_day", "last_day", "load_id")})
