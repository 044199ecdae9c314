"""A write-ahead journal of what is unconfirmed: parcels before they are handed over, their numbers once confirmed.

After a kill the next run reads which parcels were not confirmed, and sends those again, with the same event ids. It is
made for the death of the process, and not of the machine: what is written is the system's to keep, and not flushed to
the disk. Segments whose parcels are all confirmed are deleted, so that it stays as small as the queue of unanswered
messages and two segments.
"""

import fcntl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from zlib import crc32

import msgspec

from contracts.errors import BusyError, ConfigurationError, FatalError
from producer.messages import Message, Sendable

SEGMENT_BYTES = 16 * 2**20
_header = Struct(">II")
"""Bytes of the record, and their CRC-32: a record that a kill cut short is none, and was never handed over."""


class Record(msgspec.Struct, array_like=True):
    """A parcel's messages `(key, value)`; or, without any, that this parcel is confirmed."""

    number: int
    messages: list[tuple[str, bytes]]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


class Journal:
    """The journal in a folder, of one producer at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments = sorted(folder.glob("*.journal"))
        self._segment_of: dict[int, Path] = {}
        self._open_in: Counter[Path] = Counter()
        self.unconfirmed: dict[int, list[Message]] = {}
        """What earlier runs left, by number, in the order in which it was handed over."""
        self._last_number = 0
        for segment in self._segments:
            for record in read_records(segment):
                self._remember(record, segment)
        self._begin_segment()

    def write(self, messages: Sequence[Sendable]) -> int:
        """Write a parcel down before it is handed over, and return its number."""
        if self._file.tell() > SEGMENT_BYTES:
            self._file.close()
            self._begin_segment()
        self._last_number += 1
        self._append(Record(self._last_number, [(each.key, each.value) for each in messages]))
        self._segment_of[self._last_number] = self._segments[-1]
        self._open_in[self._segments[-1]] += 1
        return self._last_number

    def confirm(self, number: int) -> None:
        """Write down that the broker has confirmed every message of the parcel."""
        self._append(Record(number, []))
        self._open_in[self._segment_of.pop(number)] -= 1
        self._delete_settled()

    def close(self) -> None:
        """Close the file; delete it when nothing in it is unconfirmed."""
        self._file.close()
        if not self._segment_of:
            self._segments.pop().unlink()

    def _remember(self, record: Record, segment: Path) -> None:
        self._last_number = max(self._last_number, record.number)
        if record.messages:
            self.unconfirmed[record.number] = [Message(key, value, False) for key, value in record.messages]
            self._segment_of[record.number] = segment
            self._open_in[segment] += 1
        elif self.unconfirmed.pop(record.number, None) is not None:
            self._open_in[self._segment_of.pop(record.number)] -= 1

    def _append(self, record: Record) -> None:
        body = _encoder.encode(record)
        try:
            self._file.write(_header.pack(len(body), crc32(body)) + body)
            self._file.flush()
        except OSError as error:
            raise FatalError(f"The journal cannot be written: {error.strerror}", where=str(self._folder)) from error

    def _begin_segment(self) -> None:
        # Always a new file: behind a record that a kill cut short nothing would be read.
        number = int(self._segments[-1].stem) + 1 if self._segments else 1
        self._segments.append(self._folder / f"{number:012d}.journal")
        self._file = self._segments[-1].open("xb")
        self._delete_settled()

    def _delete_settled(self) -> None:
        # Oldest first: a later segment says which parcels of an earlier one are confirmed.
        while len(self._segments) > 1 and not self._open_in[self._segments[0]]:
            self._segments.pop(0).unlink()


def read_records(segment: Path) -> Iterator[Record]:
    """Yield the whole records of a segment."""
    content, at = segment.read_bytes(), 0
    while at + _header.size <= len(content):
        size, checksum = _header.unpack_from(content, at)
        body = content[at + _header.size : at + _header.size + size]
        if len(body) < size or crc32(body) != checksum:
            return
        yield _decoder.decode(body)
        at += _header.size + size


@contextmanager
def open_journal(folder: str, topic: str) -> Iterator[Journal | None]:
    """Give the journal of a topic, none without a folder.

    Raises BusyError while another producer has it, ConfigurationError when the folder cannot be written.
    """
    if not folder:
        yield None
        return
    own = Path(folder) / topic
    try:
        own.mkdir(parents=True, exist_ok=True)
        lock = (own / "lock").open("ab")
    except OSError as error:
        raise ConfigurationError(
            f"The journal cannot be written: {error.strerror}", where=f"TRIPLINE_PRODUCER_JOURNAL_FOLDER, {own}"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                "Another producer writes this journal",
                where=str(own),
                remedy="Each producer needs a TRIPLINE_PRODUCER_JOURNAL_FOLDER of its own.",
            ) from error
        journal = Journal(own)
        try:
            yield journal
        finally:
            journal.close()
