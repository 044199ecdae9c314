"""Loads the lake into BigQuery: windows of offsets, each extracted, staged, merged, published and reconciled once."""
