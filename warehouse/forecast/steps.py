"""The step that Mage and the command line call: read the history, look a week ahead, write it to gold.

Raises UnreachableError, ConfigurationError, and TransientError, PoisonError or FatalError by BigQuery's reason.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from contracts.settings import BigQuerySettings, ForecastSettings, load
from warehouse.bigquery import BigQuery, connect
from warehouse.forecast import store
from warehouse.forecast.backtest import Outlook, Score, look_ahead, mean
from warehouse.forecast.history import DAYS, History
from warehouse.forecast.model import MINIMUM_WEEKS
from warehouse.names import Target

Summary = dict[str, Any]


class _Found(NamedTuple):
    """The history, or why there is none to predict from."""

    history: History | None
    reason: str | None


def forecast(now: datetime | None = None, advance: Callable[[int], None] = lambda _rows: None) -> Summary:
    """Write the coming week to gold, and return what it says and how good the weeks before were predicted.

    Too short a history is no failure, as every new warehouse has one: `rows` is then 0, `reason` says why, and what
    stands in gold stays. The same history, settings and `now` (the clock's, when not given) give the same table.
    """
    now = now or datetime.now(UTC)
    settings, bigquery, target = _connected()
    found = _history(settings, bigquery, target, now, advance)
    if found.history is None:
        return {"rows": 0, "reason": found.reason}
    history = found.history
    outlook = look_ahead(history, settings.coverage, settings.backtest_weeks)
    figures = (outlook.expected, outlook.lower, outlook.upper)
    rows = store.table_of(history.next_day, history.zones, figures, now)
    store.write(bigquery, target, rows, now=now)
    return {"rows": rows.num_rows, "reason": None, **_summary(history, outlook), "made_at": now.isoformat()}


def backtest(
    weeks: int, now: datetime | None = None, advance: Callable[[int], None] = lambda _rows: None
) -> tuple[list[Score], str | None]:
    """Return how the newest weeks would have been predicted, or why that cannot be said. Writes nothing."""
    settings, bigquery, target = _connected()
    found = _history(settings, bigquery, target, now or datetime.now(UTC), advance)
    if found.history is None:
        return [], found.reason
    return look_ahead(found.history, settings.coverage, weeks).scores, None


def _connected() -> tuple[ForecastSettings, BigQuery, Target]:
    settings = load(BigQuerySettings)
    return load(ForecastSettings), connect(settings), Target.of(settings)


def _history(
    settings: ForecastSettings, bigquery: BigQuery, target: Target, now: datetime, advance: Callable[[int], None]
) -> _Found:
    today = now.astimezone(ZoneInfo(target.time_zone)).date()
    newest = store.newest_day(bigquery, target, before=today)
    if newest is None:
        return _Found(None, f"gold has no trips before {today}")
    history = store.read_history(bigquery, target, newest, settings.history_weeks, advance)
    if len(history.weeks) < MINIMUM_WEEKS:
        return _Found(None, f"{MINIMUM_WEEKS * DAYS} complete days are needed; trips up to {newest} span fewer")
    return _Found(history, None)


def _summary(history: History, outlook: Outlook) -> Summary:
    return {
        "first_day": history.next_day.isoformat(),
        "history_weeks": len(history.weeks),
        "trips_last_week": int(history.weeks[-1].sum()),
        "expected_trips": round(float(outlook.expected.sum()), 1),
        "backtest_weeks": len(outlook.scores),
        **mean(outlook.scores),
    }
