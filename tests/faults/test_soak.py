"""A short soak, with other faults in each run: `make soak` is the long one."""

import random
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from stack.state import StackFolder
from tests.soak.plan import Kind, plan
from tests.soak.run import soak


@pytest.fixture
def folder() -> Iterator[Path]:
    made = StackFolder(Path(tempfile.mkdtemp(prefix="tripline-test-")))
    made.path.chmod(0o711)  # Postgres runs as another account when we are root.
    yield made.path
    made.wipe()


@pytest.mark.timeout(900)
def test_a_short_soak_loses_and_doubles_nothing(folder: Path) -> None:
    # pytest-randomly decides, and prints, what the seed is drawn from.
    seed = random.randrange(2**31)
    outcome = soak(folder, seed=seed, seconds=25, least=4, say=print)
    assert outcome.producers.issued > 500
    assert outcome.verdict.dead_lettered > 10
    assert outcome.is_clean, outcome


def test_a_seed_draws_the_same_faults_again_and_every_kind_in_each_round() -> None:
    rounds = 3 * len(Kind)
    first = list(islice(plan(7), rounds))
    assert first == list(islice(plan(7), rounds)) != list(islice(plan(8), rounds))
    for start in range(0, rounds, len(Kind)):
        assert {fault.kind for fault in first[start : start + len(Kind)]} == set(Kind)
