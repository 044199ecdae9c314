"""Workers share a broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.settings import KafkaSettings
from tests.services.shared import shared_broker


def test_who_comes_first_starts_it_and_who_comes_after_all_have_left_starts_another(tmp_path: Path) -> None:
    living: list[str] = []

    @contextmanager
    def start() -> Iterator[KafkaSettings]:
        living.append(f"127.0.0.1:{len(living) + 1}")
        yield KafkaSettings(bootstrap_servers=living[-1])
        living.append("gone")

    with shared_broker(tmp_path, start) as first:
        with shared_broker(tmp_path, start) as second:
            assert first == second
        assert living == ["127.0.0.1:1"]
    assert living == ["127.0.0.1:1", "gone"]
    with shared_broker(tmp_path, start) as third:
        assert third.bootstrap_servers == "127.0.0.1:3"
