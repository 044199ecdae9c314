"""The rates of a run, from looks at a growing table, and the table that they make."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import ours
from benchmarks.outcome import COLUMNS, Outcome, rows
from benchmarks.peers import bento
from benchmarks.peers.installing import run
from benchmarks.sink import NotInstallableError
from benchmarks.steady import Look, pace
from benchmarks.usage import cpu_seconds, peak_mebibytes
from contracts.errors import FatalError
from stack.cache import once


def looks(*seen: tuple[float, int, int]) -> list[Look]:
    return [
        Look(seconds, size, writing, seconds / 2, 100 + seconds, 50 + 2 * seconds) for seconds, size, writing in seen
    ]


def test_the_steady_rate_leaves_out_the_start_up_and_the_first_rows() -> None:
    found = pace(looks((0, 0, 0), (10, 0, 1), (20, 1_000, 1), (25, 6_000, 1), (30, 11_000, 0)), rows=1_100)
    assert found.steady_rate == pytest.approx(1_000 / 10)
    assert found.whole_rate == pytest.approx(1_100 / 30)
    assert found.first_row_seconds == 20


def test_a_run_ends_when_all_is_committed_and_not_when_it_was_counted() -> None:
    found = pace(looks((0, 0, 0), (1, 100, 1), (2, 1_000, 1), (3, 1_000, 0), (4, 1_000, 0)), rows=10)
    assert found.seconds == 3
    assert found.client_cpu_seconds == pytest.approx(1.5)
    assert found.postgres_cpu_seconds == pytest.approx(3)
    assert found.broker_cpu_seconds == pytest.approx(6)


def test_a_table_with_something_in_it_already_counts_from_there() -> None:
    found = pace(looks((0, 500, 0), (1, 600, 0), (2, 1_500, 0)), rows=1_000)
    assert found.steady_rate == pytest.approx(900)


@pytest.mark.parametrize("seen", [[(0, 0, 0)], [(0, 0, 0), (1, 1_000, 0)], [(0, 0, 0), (1, 0, 0)]])
def test_a_run_too_short_to_be_seen_has_no_rate(seen: list[tuple[float, int, int]]) -> None:
    with pytest.raises(FatalError, match="never seen growing"):
        pace(looks(*seen), rows=10)


def test_an_ended_process_keeps_its_cpu_time_until_it_is_waited_for() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "sum(range(3_000_000)); print(flush=True)"], stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.read()
        assert cpu_seconds(process.pid) > 0
    assert cpu_seconds(process.pid) == 0
    assert peak_mebibytes(process.pid) == 0


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstallableError, match="Go"):
        bento.install("Bento", tmp_path, print, document=bento.PARSED)
    with pytest.raises(NotInstallableError, match=r"`missing` cannot run \(FileNotFoundError\)"):
        run(["missing"], tmp_path)
    with pytest.raises(NotInstallableError, match="failed: no such flag"):
        run([sys.executable, "-c", "import sys; sys.exit('no such flag')"], tmp_path)


def test_what_a_peer_needs_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    def fail(unfinished: Path) -> None:
        (unfinished / "half").touch()
        raise NotInstallableError("no network")

    with pytest.raises(NotInstallableError):
        once(tmp_path / "peer", fail)
    assert not list(tmp_path.iterdir())
    made = once(tmp_path / "peer", lambda unfinished: (unfinished / "whole").touch())
    assert once(made, fail) == made
    assert [each.name for each in made.iterdir()] == ["whole"]


def test_the_table_has_medians_and_says_what_was_skipped_and_why() -> None:
    def sample(rate: float) -> dict[str, float]:
        figures = ("whole_rate", "client_cpu_seconds", "postgres_cpu_seconds", "peak_mebibytes")
        return {"events": 500_000, "steady_rate": rate, **dict.fromkeys(figures, rate / 10)}

    samples = {ours.TWO_COPIES: [sample(100), sample(300), sample(200)], "slow": [sample(50)], "failed": [sample(1)]}
    limit, slow, failed, missing = rows(Outcome(samples, {"failed": "failed: why", "missing": "skipped: no Go"}))
    assert limit == (ours.TWO_COPIES, "500,000", 200, "1.00", 20, 40, 40, 20)
    assert slow[:4] == ("slow", "500,000", 50, "0.25")
    assert failed[:3] == ("failed", "failed: why", "")
    assert missing[:2] == ("missing", "skipped: no Go")
    assert {len(row) for row in (limit, slow, failed, missing)} == {len(COLUMNS)}
