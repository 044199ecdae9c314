"""What a person asks to be built or loaded again, in words: for commands, forms and Mage's variables."""

from datetime import date
from typing import Any

from contracts.errors import BadInputError
from warehouse.backfill import Selection, backfill
from warehouse.merge import Days
from warehouse.rebuild import rebuild_gold, rebuild_silver

REBUILDS = {"silver": rebuild_silver, "gold": rebuild_gold}


def restate(what: str, first_day: str = "", last_day: str = "", load_id: str = "") -> dict[str, Any]:
    """Build `silver` or `gold` again, of all service dates or of some; with `load_id`, load that window again.

    Raises BadInputError for another word or a day that is none, and what the rebuilds raise.
    """
    if load_id:
        return {"what": "window", **backfill(Selection(load_id=load_id))}
    if what not in REBUILDS:
        raise BadInputError("Only silver and gold can be built again", where=f"what = {what}")
    return {"what": what, **REBUILDS[what](days_between(first_day, last_day))}


def days_between(first: str, last: str) -> Days | None:
    """Return the service dates from one day to another, of the first alone without the other, None without both.

    Raises BadInputError.
    """
    if not first:
        if last:
            raise BadInputError("A last day needs a first day", where=f"last day {last}")
        return None
    days = Days(parse_day("first day", first), parse_day("last day", last or first))
    if days.last < days.first:
        raise BadInputError("The last day is before the first", where=f"{days.first} to {days.last}")
    return days


def parse_day(name: str, text: str) -> date:
    """Return the day that `text` names; `name` says in the error what it is. Raises BadInputError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError("Not a day", where=name, remedy="Write it as YYYY-MM-DD.") from error
