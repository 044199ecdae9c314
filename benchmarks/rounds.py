"""Contenders take turns, so that a slow minute of the machine is everybody's; medians tell them apart."""

import json
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.errors import FatalError

Sample = dict[str, Any]
MINUTES_15 = 900


class Contender(NamedTuple):
    """Something to measure: a command whose last line is what `benchmarks.measured` prints."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


def take_turns(contenders: Sequence[Contender], rounds: int, say: Callable[[str], object]) -> dict[str, list[Sample]]:
    """Run each contender `rounds` times, one after the other in each round; return what each said.

    Raises FatalError when one fails.
    """
    samples: dict[str, list[Sample]] = {each.name: [] for each in contenders}
    for number in range(1, rounds + 1):
        for each in contenders:
            sample = run(each)
            samples[each.name].append(sample)
            say(f"round {number}: {each.name}: {sample['seconds']:.1f} s, {sample['peak_mebibytes']:,.0f} MiB")
    return samples


def run(contender: Contender) -> Sample:
    """Run a contender once. Raises FatalError with the end of what it wrote when it fails."""
    done = subprocess.run(
        list(contender.command),
        env=dict(contender.environment),
        capture_output=True,
        text=True,
        timeout=MINUTES_15,
        check=False,
    )
    if done.returncode != 0:
        raise FatalError("A contender failed", where=contender.name, remedy=done.stderr[-2_000:])
    sample: Sample = json.loads(done.stdout.strip().splitlines()[-1])
    return sample


def median(samples: Sequence[Sample], figure: str) -> float:
    """Return the median of one figure."""
    return float(statistics.median(sample[figure] for sample in samples))
