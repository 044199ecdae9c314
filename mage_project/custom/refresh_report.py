from powerbi.publish import refresh

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def refresh_report(*args, **kwargs):
    """Refresh the published Power BI model when gold is newer than it."""
    return refresh.refresh()
