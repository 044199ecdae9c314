"""Show a value as its format string says; only the formats that the model uses."""

from datetime import datetime
from typing import Any

_DATES = {"yyyy-mm-dd": "%Y-%m-%d", "yyyy-mm-dd hh:nn": "%Y-%m-%d %H:%M", "yyyy-mm-dd hh:nn:ss": "%Y-%m-%d %H:%M:%S"}


def shown_as(value: Any, format_string: str) -> str:
    """Return the text of a value: `16,984.5`, `$12.30`, `8.1%`, `2016-03`."""
    if value is None:
        return "(blank)"
    if isinstance(value, datetime):
        return value.strftime(_DATES.get(format_string, "%Y-%m-%d"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if format_string == "0000-00":
        return f"{int(value) // 100:04d}-{int(value) % 100:02d}"
    if "%" in format_string:
        return f"{value:,.1%}"
    decimals = len(format_string.partition(".")[2])
    grouped = "," if "," in format_string else ""
    sign, dollar = ("-" if value < 0 else ""), ("$" if format_string.startswith("$") else "")
    return f"{sign}{dollar}{abs(value):{grouped}.{decimals}f}"
