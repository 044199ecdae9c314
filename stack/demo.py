"""`make demo`: real trips through the whole path, then the books and a few answers from gold."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from contracts import console, lake
from contracts.settings import StackSettings, load
from stack.demo_report import Answers, DemoResult, ask, show
from stack.native import NativeStack, native_stack
from stack.programs import Programs
from stack.state import StackFolder
from stack.steps import run_step
from warehouse import reconciliation
from warehouse.bigquery import BigQuery, connect
from warehouse.ledger import open_ledger
from warehouse.names import Target
from warehouse.reconciliation import Check

RESULT_FILE = Path("build/demo.json")
NOTE = "The demo's trips: 15,000 real ones from Chicago, 2013 to 2016."


class Demo:
    """The steps of the demo, in order; times and memory are noted as they go."""

    def __init__(self, stack: NativeStack, report_folder: Path) -> None:
        self._stack = stack
        self._report_folder = report_folder
        self._environment = Programs(stack).environment()
        self.seconds: dict[str, float] = {}
        self.peak_mebibytes: dict[str, float] = {}
        self.books: list[Check] = []

    def run(self) -> tuple[DemoResult, Answers]:
        """Fetch, produce, land, load, look ahead, check, reconcile, ask and draw. Raises what a step raises."""
        self._step("fetch", "producer", "fetch")
        self._step("migrate", "consumer", "migrate")
        produced = self._step("produce", "producer", "replay", "--json")
        landed = self._step("land", "consumer", "run", "--until-end", "--json")
        self._step("load", "mage_project", "run", "trips_to_bigquery", "--until-caught-up", "--json")
        forecast = self._step("forecast", "warehouse", "forecast", "--json")
        self._step("check", "warehouse", "check")
        with self.timed("reconcile"):
            warehouse, target = connect(self._stack.bigquery), Target.of(self._stack.bigquery)
            self.books, totals = self._reconcile(warehouse, target)
        with self.timed("ask"):
            answers = ask(warehouse, target)
        drawn = self._step(
            "report", "powerbi", "preview", "--folder", str(self._report_folder), "--note", NOTE, "--json"
        )
        gold = {check.name: check.target_value for check in self.books}
        result = DemoResult(
            produced=produced["produced"],
            acknowledged=produced["acknowledged"],
            landed=landed["landed"],
            dead_lettered=landed["dead_lettered"],
            rejected=totals["rejected"],
            trips=gold["trips in gold"],
            revenue_minor_units=gold["revenue in gold"],
            forecast_from=forecast["first_day"],
            forecast_trips=forecast["expected_trips"],
            reconciled=not any(check.difference for check in self.books),
            report=drawn["html"],
            seconds=self.seconds,
            peak_mebibytes=self.peak_mebibytes,
        )
        return result, answers

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long a step took."""
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 2)

    def _step(self, name: str, package: str, *arguments: str) -> dict[str, Any]:
        console.say(f"\n── {name}: python -m {package} {' '.join(arguments)}")
        self._stack.check()
        finished = run_step(package, *arguments, environment=self._environment)
        self.seconds[name] = round(finished.seconds, 2)
        self.peak_mebibytes[name] = round(finished.peak_mebibytes, 1)
        return finished.result

    def _reconcile(self, warehouse: BigQuery, target: Target) -> tuple[list[Check], dict[str, int]]:
        with (
            lake.connect(self._stack.lake, application="demo") as connection,
            open_ledger(self._stack.lake, target) as ledger,
        ):
            books = reconciliation.check_topic(connection, self._stack.kafka)
            books += reconciliation.check_backlog(connection, ledger)
            books += reconciliation.check_warehouse(connection, warehouse, target, ledger)
            return books, ledger.totals()


def run_demo(folder: Path, result_file: Path = RESULT_FILE) -> DemoResult:
    """Run the demo on fresh services in `folder`, print what it came to, and write `result_file`.

    Raises NotReconciledError when a figure differs, and what the services and steps raise. The folder is wiped first,
    and again after success; after a failure its logs stay.
    """
    state = StackFolder(folder)
    if state.path.exists():
        with state.lock():
            state.wipe()
    started = time.monotonic()
    console.say("── start: Kafka, PostgreSQL and the BigQuery emulator, on free loopback ports")
    # Free ports, so that the demo runs beside whatever the settings describe.
    settings = load(StackSettings).model_copy(update={"kafka_port": 0, "lake_port": 0, "bigquery_port": 0})
    with native_stack(folder, stack=settings, say=console.say) as stack:
        demo = Demo(stack, result_file.parent / "report")
        demo.seconds["start"] = round(time.monotonic() - started, 2)
        result, answers = demo.run()
    result.seconds["total"] = round(time.monotonic() - started, 2)
    result_file.parent.mkdir(parents=True, exist_ok=True)
    result_file.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    show(result, demo.books, answers)
    reconciliation.require(demo.books, where="demo")
    state.wipe()
    return result
