from warehouse import checks

if "custom" not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def require_healthy(*summaries, **kwargs):
    """Fail the run, naming every check that is red."""
    return checks.require_healthy(summaries)
