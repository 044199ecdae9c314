from warehouse import restate

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def check_request(*args, **kwargs):
    """Refuse variables that make no sense, before anything is tried, and tried again."""
    return restate.check(restate.Request(*(str(kwargs.get(name) or "") for name in restate.Request._fields)))._asdict()
