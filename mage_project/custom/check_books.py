from warehouse import checks

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def check_books(*args, **kwargs):
    """Compare lake, ledger, silver and gold by day of arrival and by service date."""
    return checks.check_kinds("books")
