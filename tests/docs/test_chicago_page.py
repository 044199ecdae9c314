"""docs/chicago.md and the README tell the figures that the files hold."""

import re
from pathlib import Path

from contracts.settings import ProducerSettings
from producer.fetch import chicago_trips
from tests.support.chicago_truth import chicago_truth

ROOT = Path(__file__).resolve().parents[2]
RULE_OF_DIRT = {
    "missing_provider": "no_company",
    "zero_distance": "zero_distance",
    "missing_dropoff_area": "no_dropoff_area",
    "zero_duration": "zero_duration",
    "implausible_speed": "too_fast",
    "nonpositive_fare": "zero_fare",
    "missing_duration": "no_duration",
}


def test_the_figures_are_those_of_the_files() -> None:
    truth = chicago_truth(chicago_trips(ProducerSettings()))
    page = (ROOT / "docs" / "chicago.md").read_text(encoding="utf-8")
    told = {rule: int(count.replace(",", "")) for rule, count in re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", page, re.M)}
    assert told == {rule: truth["dirty"][name] for rule, name in RULE_OF_DIRT.items()}
    assert f"{truth['dirty']['no_dropoff_location']} trips lack the coordinates" in page
    revenue = f"${truth['revenue_minor_units'] / 100:,.2f}"
    assert f"{revenue} over {float(truth['miles']):,.2f} miles" in page
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert revenue in readme
    assert f"{5 * truth['trips']:,}" in readme
