"""Logs are events: one JSON object a line on standard error, with an action and fields, never a payload or a secret."""

import logging
import sys

import structlog


def configure_logs(*, verbose: bool = False, as_json: bool | None = None) -> None:
    """Send structlog to standard error: JSON lines, or coloured text on a terminal.

    `as_json` overrides the choice by terminal.
    """
    plain = not sys.stderr.isatty() if as_json is None else as_json
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer() if plain else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
