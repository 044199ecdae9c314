"""Lands the topic's messages in the Postgres lake, each exactly once, and keeps what cannot land as dead letters."""
