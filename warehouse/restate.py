"""What a person asks to be built or loaded again, in words: for commands, forms and Mage's variables."""

from datetime import date
from typing import Any, NamedTuple

from contracts.errors import BadInputError
from warehouse.backfill import Selection, backfill
from warehouse.merge import Days
from warehouse.rebuild import rebuild_gold, rebuild_silver

REBUILDS = {"silver": rebuild_silver, "gold": rebuild_gold}


class Request(NamedTuple):
    """What is to be built again: `silver` or `gold`, all of it or some service dates; or the window of a load."""

    what: str
    first_day: str = ""
    last_day: str = ""
    load_id: str = ""


def check(request: Request) -> Request:
    """Return the request when it makes sense. Raises BadInputError for another word or a day that is none."""
    if not request.load_id and request.what not in REBUILDS:
        remedy = f"Write {' or '.join(REBUILDS)}."
        raise BadInputError("Only silver and gold can be built again", where=f"what = {request.what}", remedy=remedy)
    days_between(request.first_day, request.last_day)
    return request


def restate(what: str, first_day: str = "", last_day: str = "", load_id: str = "") -> dict[str, Any]:
    """Build `silver` or `gold` again, of all service dates or of some; with `load_id`, load that window again.

    Raises BadInputError as `check`, and what the rebuilds raise.
    """
    request = check(Request(what, first_day, last_day, load_id))
    if load_id:
        return {"what": "window", **backfill(Selection(load_id=load_id))}
    return {"what": what, **REBUILDS[what](days_between(request.first_day, request.last_day))}


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
