"""One batch is read ahead, in order; an error comes where the batch would have, and leaving early leaves no thread."""

import threading
from collections.abc import Iterator

import pytest

from warehouse.extract import one_ahead


def broken_after(count: int) -> Iterator[int]:
    yield from range(count)
    raise ConnectionError("lost")


def test_all_come_in_order() -> None:
    assert list(one_ahead(iter(range(50)))) == list(range(50))
    assert list(one_ahead(iter(()))) == []


def test_an_error_comes_after_what_was_read_before_it() -> None:
    got: list[int] = []
    with pytest.raises(ConnectionError):
        got.extend(one_ahead(broken_after(3)))
    assert got == [0, 1, 2]


def test_the_next_is_read_while_one_is_worked_at() -> None:
    asked_for_second = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        asked_for_second.set()
        yield 2

    for each in one_ahead(items()):
        assert asked_for_second.wait(10), each


def test_leaving_early_leaves_no_thread() -> None:
    before = threading.active_count()
    ahead = one_ahead(iter(range(50)))
    assert next(ahead) == 0
    ahead.close()
    assert threading.active_count() == before
