"""Kafka's jars: checked against the committed checksums, kept outside the checkout, missed by name."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts.errors import BadInputError
from contracts.settings import StackSettings, child_environment
from stack.cache import cache_folder
from stack.kafka_jars import CHECKSUMS, fetch_jars, verify_jars

CHECKOUT = Path(__file__).resolve().parents[2]


def test_they_are_the_expected_ones_and_kept_outside_the_checkout() -> None:
    jars = fetch_jars(cache_folder(StackSettings()))
    names = [line.split()[1] for line in CHECKSUMS.read_text(encoding="utf-8").splitlines()]
    assert sorted(jar.name for jar in jars.iterdir()) == sorted(names)
    assert CHECKOUT not in jars.parents


@pytest.mark.parametrize("harm", ["changed", "missing", "added"])
def test_one_that_is_not_the_expected_one_is_named(tmp_path: Path, harm: str) -> None:
    jars = tmp_path / "jars"
    shutil.copytree(fetch_jars(cache_folder(StackSettings())), jars)
    verify_jars(jars)
    victim = jars / "kafka-clients-4.1.0.jar"
    match harm:
        case "changed":
            with victim.open("r+b") as file:
                file.write(b"not a zip")
        case "missing":
            victim.unlink()
        case "added":
            victim = jars / "another.jar"
            victim.touch()
    with pytest.raises(BadInputError, match=rf"^1 of Kafka's jars .* the first is {victim.name}"):
        verify_jars(jars)


def test_without_a_network_the_missing_jars_are_named_within_seconds(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from stack.kafka_jars import fetch_jars; fetch_jars(Path(sys.argv[1]))"
    )
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9")
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=CHECKOUT,
        env={**child_environment(), **nowhere},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "UnreachableError: Kafka's jars could not be fetched" in done.stderr
    assert "Check the network" in done.stderr
    assert time.monotonic() - started < 15
    assert list(tmp_path.iterdir()) == []
