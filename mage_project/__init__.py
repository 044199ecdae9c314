"""Mage's project, and the two ways to run it: `python -m mage_project run` (headless) and `… serve` (the UI)."""
