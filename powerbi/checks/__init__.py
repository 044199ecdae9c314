"""Checks of the model and the report, each a generator of findings."""
