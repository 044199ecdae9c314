"""Publish model and report to Power BI: items by fabric-cicd, everything around them by REST."""
