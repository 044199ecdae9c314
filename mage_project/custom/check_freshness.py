from warehouse import checks

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def check_freshness(*args, **kwargs):
    """Ask how old the newest events are, and whether the last hour has as many trips as that of past weeks."""
    return checks.check_kinds("freshness", "volume")
