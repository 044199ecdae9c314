"""Splitting a batch loses nothing and keeps every partition's order of offsets."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.batch import Batch, DeadLetter, Move, Record
from consumer.gate import Refusal
from contracts.reasons import DeadLetterReason

REFUSAL = Refusal(DeadLetterReason.EMPTY, "no bytes")


def record(partition: int, offset: int) -> Record:
    return Record(partition, offset, 1_700_000_000_000, None, b"{}", None)


@st.composite
def batches(draw: st.DrawFn, minimum_records: int = 0) -> Batch:
    """Partitions 0 to 3, each with gaps, dead letters and a tail without rows."""
    batch = Batch()
    position = {partition: draw(st.integers(0, 50)) for partition in range(draw(st.integers(1, 4)))}
    starts = dict(position)
    for partition in draw(st.lists(st.sampled_from(sorted(position)), min_size=minimum_records, max_size=40)):
        offset = position[partition] + draw(st.integers(0, 2))
        position[partition] = offset + 1
        if draw(st.booleans()) and len(batch.records) >= minimum_records:
            batch.dead_letters.append(DeadLetter(record(partition, offset), REFUSAL))
        else:
            batch.records.append(record(partition, offset))
    for partition, start in starts.items():
        end = position[partition] + draw(st.integers(0, 1))
        if end > start:
            batch.moves[partition] = Move(start, end)
    return batch


def covered(batch: Batch) -> bool:
    everything = [*batch.records, *(letter.record for letter in batch.dead_letters)]
    return all(
        batch.moves[each.partition].start <= each.offset < batch.moves[each.partition].end for each in everything
    )


@given(batches(minimum_records=2))
def test_halves_land_one_after_the_other_what_the_whole_would(batch: Batch) -> None:
    first, second = batch.halves()
    assert first.records + second.records == batch.records
    assert sorted(first.dead_letters + second.dead_letters) == sorted(batch.dead_letters)
    assert covered(first)
    assert covered(second)
    assert len(first.records) <= len(second.records) <= len(first.records) + 1
    for partition, move in batch.moves.items():
        middle = first.moves.get(partition, Move(move.start, move.start)).end
        assert second.moves.get(partition, Move(middle, middle)) == Move(middle, move.end)


@given(batches(), st.sets(st.integers(0, 3)))
def test_without_and_only_part_the_batch(batch: Batch, partitions: set[int]) -> None:
    gone, kept = batch.only(partitions), batch.without(partitions)
    assert gone.moves.keys() == batch.moves.keys() & partitions
    assert gone.moves | kept.moves == batch.moves
    assert sorted(gone.records + kept.records) == sorted(batch.records)
    assert sorted(gone.dead_letters + kept.dead_letters) == sorted(batch.dead_letters)
    assert covered(gone)
    assert covered(kept)


def test_a_refused_record_takes_its_place_among_the_dead_letters() -> None:
    letters = [DeadLetter(record(0, 3), REFUSAL), DeadLetter(record(0, 5), REFUSAL)]
    batch = Batch([record(0, 4)], letters, {0: Move(3, 6)})
    refused = batch.with_refused(Refusal(DeadLetterReason.REFUSED_BY_LAKE, "SQLSTATE 22P05"))
    assert refused.records == []
    assert refused.moves == batch.moves
    assert [letter.record.offset for letter in refused.dead_letters] == [3, 4, 5]
    assert refused.dead_letters[1].refusal.reason == DeadLetterReason.REFUSED_BY_LAKE
