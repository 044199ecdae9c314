"""`python -m stack demo`, which leaves a copy of gold: `python -m tests.support.inspected_demo FOLDER demo [OPTIONS]`.

A demo wipes what it made when it ends well. How long the copy takes stands beside the seconds of the demo's own steps.
"""

import sys
from pathlib import Path

from stack import demo
from stack.__main__ import app
from stack.demo_report import Answers, DemoResult
from tests.support.report_numbers import copy_of_gold

FOLDER = Path(sys.argv.pop(1))


class InspectedDemo(demo.Demo):
    """Copies gold before it is wiped."""

    def run(self) -> tuple[DemoResult, Answers]:
        """Run the demo, then copy."""
        found = super().run()
        with self.timed("inspect"):
            copy_of_gold(self._stack.bigquery).save(FOLDER)
        return found


if __name__ == "__main__":
    demo.Demo = InspectedDemo  # type: ignore[misc]
    app()
