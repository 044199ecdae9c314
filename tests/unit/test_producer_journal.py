"""The journal: what is not confirmed comes back, whatever cut it short, and what is confirmed never does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.errors import BusyError, ConfigurationError
from producer import journal as journals
from producer.journal import Journal, open_journal, read_records
from producer.messages import Message

Begin: TypeAlias = Callable[[Path], Journal]


def parcel(name: str, messages: int = 3) -> list[Message]:
    return [Message(f"{name}-{number}", f"value of {name}-{number}".encode(), False) for number in range(messages)]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Open journals as a run does that will be killed: without ever closing them."""
    begun: list[Journal] = []

    def begin(folder: Path) -> Journal:
        begun.append(Journal(folder))
        return begun[-1]

    yield begin
    for journal in begun:
        journal._file.close()


def test_what_was_not_confirmed_comes_back_in_order_with_the_same_bytes(tmp_path: Path, begin: Begin) -> None:
    journal = begin(tmp_path)
    numbers = [journal.write(parcel(name)) for name in "abcd"]
    journal.confirm(numbers[1])
    again = begin(tmp_path)
    assert list(again.unconfirmed.items()) == [
        (numbers[0], parcel("a")),
        (numbers[2], parcel("c")),
        (numbers[3], parcel("d")),
    ]


def test_what_is_sent_again_is_confirmed_under_its_old_number(tmp_path: Path, begin: Begin) -> None:
    number = begin(tmp_path).write(parcel("a"))
    again = begin(tmp_path)
    assert again.write(parcel("b")) != number
    again.confirm(number)
    assert list(begin(tmp_path).unconfirmed.values()) == [parcel("b")]


def test_nothing_is_left_when_all_is_confirmed(tmp_path: Path) -> None:
    with open_journal(str(tmp_path), "trips") as journal:
        assert journal
        for name in "abc":
            journal.confirm(journal.write(parcel(name)))
    assert [path.name for path in (tmp_path / "trips").iterdir()] == ["lock"]


def test_it_stays_small_while_it_is_confirmed(tmp_path: Path, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "SEGMENT_BYTES", 1_000)
    journal, waiting = begin(tmp_path), []
    for round_number in range(200):
        waiting.append(journal.write(parcel(str(round_number))))
        if len(waiting) > 5:
            journal.confirm(waiting.pop(0))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5_000
    assert list(begin(tmp_path).unconfirmed) == waiting


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_cut_anywhere_it_forgets_only_what_was_not_written_yet(
    tmp_path_factory: pytest.TempPathFactory, begin: Begin, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = begin(folder)
    steps = data.draw(st.lists(st.booleans(), min_size=1, max_size=12))
    state: dict[int, list[Message]] = {}
    states = [dict(state)]
    for number, confirms in enumerate(steps):
        if confirms and state:
            oldest = min(state)
            journal.confirm(oldest)
            del state[oldest]
        else:
            state[journal.write(parcel(str(number)))] = parcel(str(number))
        states.append(dict(state))
    (segment,) = folder.iterdir()
    whole = segment.read_bytes()
    segment.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    left = sum(1 for _ in read_records(segment))
    again = begin(folder)
    assert again.unconfirmed == states[left]
    # What is written behind the cut is read as well.
    new = again.write(parcel("new"))
    assert begin(folder).unconfirmed == states[left] | {new: parcel("new")}


def test_two_producers_do_not_share_one(tmp_path: Path) -> None:
    with (
        open_journal(str(tmp_path), "trips"),
        open_journal(str(tmp_path), "other"),
        pytest.raises(BusyError),
        open_journal(str(tmp_path), "trips"),
    ):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="JOURNAL_FOLDER"), open_journal(str(tmp_path / "file"), "trips"):
        pass


def test_no_folder_no_journal() -> None:
    with open_journal("", "trips") as journal:
        assert journal is None
