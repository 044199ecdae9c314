"""Loading a scope to its end: window after window, each reconciled."""

from warehouse import steps
from warehouse.run import Scope


class Watch:
    """Is told how far a long work is; this one keeps it to itself."""

    def set_total(self, rows: int) -> None:
        """Say how many offsets there will be."""

    def advance(self, rows: int) -> None:
        """Add to the rows that are done."""

    def say(self, line: str) -> None:
        """Say what comes next."""


def load_all(scope: Scope, watch: Watch) -> int:
    """Load windows until the scope has all that it may have; return how many it took."""
    windows = 0
    while (load_id := steps.plan(scope)["load_id"]) is not None:
        windows += 1
        watch.say(f"window {windows}")
        steps.extract(load_id, watch.advance, scope)
        for step in (steps.stage, steps.merge, steps.publish, steps.reconcile):
            step(load_id, scope)
    return windows
