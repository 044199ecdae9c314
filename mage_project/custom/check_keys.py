from warehouse import checks

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def check_keys(*args, **kwargs):
    """Look for rows that stand twice, and for keys that point to nothing."""
    return checks.check_kinds("uniqueness", "references")
