from warehouse import checks

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def check_values(*args, **kwargs):
    """Look for rows that contradict themselves and for trips out of range; count those that break a rule."""
    return checks.check_kinds("consistency", "ranges", "rules")
