"""Demand of each pick-up area and hour for the coming week: history → features → Poisson regression → bounds.

Only `steps` speaks to BigQuery; all else is arithmetic on arrays. What is new each day is `gold.forecast_zone_hour`.
"""
