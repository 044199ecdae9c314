"""Loading a scope to its end: window after window, each reconciled."""

from warehouse import steps, swap
from warehouse.loss import lost_tables
from warehouse.names import Target
from warehouse.run import Scope, hold


class Watch:
    """Is told how far a long work is; this one keeps it to itself."""

    def set_total(self, rows: int) -> None:
        """Say how many offsets there will be."""

    def advance(self, rows: int) -> None:
        """Add to the rows that are done."""

    def say(self, line: str) -> None:
        """Say what comes next."""


def start_over_if_lost(target: Target) -> None:
    """Forget the windows of a warehouse aside when tables of it were dropped, and drop the others: it begins anew."""
    with hold(Scope(target)) as run:
        if lost_tables(run.bigquery, target, run.ledger):
            swap.drop(run.bigquery, target)
            run.ledger.forget()


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
