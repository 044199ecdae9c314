"""Ids are plain UUIDs of version 5, made faster."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from producer.ids import NAMESPACE, shared_id, stable_id


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_ids_are_those_of_the_standard_library(parts: list[str]) -> None:
    found = stable_id(*parts)
    assert found == str(uuid5(NAMESPACE, "/".join(parts)))
    assert UUID(found).version == 5


def test_a_provider_has_one_id() -> None:
    assert shared_id("provider", "chicago", "Flash Cab") == shared_id("provider", "chicago", "Flash Cab")
    assert shared_id("provider", "chicago", "Flash Cab") != shared_id("device", "chicago", "Flash Cab")
