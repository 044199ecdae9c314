"""One soak: faults after faults on a running path, then peace, then the verdict."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from contracts.broker import partition_ranges
from contracts.errors import UnreachableError
from tests.soak.arms import inflicted
from tests.soak.judge import Outcome, judge_producers
from tests.soak.plan import plan
from tests.soak.site import Site, site

WARM_UP_SECONDS = 60


def soak(folder: Path, *, seed: int, seconds: float, say: Callable[[str], object], least: int = 0) -> Outcome:
    """Inflict the seed's faults for so long, and until `least` of them have bitten; `say` hears of each.

    Raises SoakError when a part does not go on by itself, or does not catch up at the end.
    """
    faults, missed = Counter[str](), Counter[str]()
    with site(folder) as path:
        path.begin()
        _warm_up(path)
        began = time.monotonic()
        for fault in plan(seed):
            with inflicted(path, fault) as happened:
                path.tend(fault.hold_seconds)
                (faults if happened() else missed)[fault.kind.value] += 1
            path.tend(fault.rest_seconds)
            elapsed = time.monotonic() - began
            say(f"{elapsed:5.0f} s  {faults.total():4} faults  {_movement(path)}  {fault.kind}, {fault.hold_seconds} s")
            if elapsed >= seconds and faults.total() >= least:
                break
        path.end()
        producers = judge_producers(path)
        path.ledger.adopt()
        verdict = path.ledger.judge(path.lake)
    return Outcome(seed, elapsed, faults, missed, producers, verdict)


def _warm_up(path: Site) -> None:
    """Let the first events land, so that the first fault finds everything at work."""
    deadline = time.monotonic() + WARM_UP_SECONDS
    while not any(path.offsets().values()) and time.monotonic() < deadline:
        path.tend(0.5)


def _movement(path: Site) -> str:
    try:
        issued = sum(each.high for each in partition_ranges(path.ledger.kafka))
    except UnreachableError:
        return "the broker does not answer yet"
    return f"{issued:7,} on the topic  {issued - sum(path.offsets().values()):6,} on their way"
