"""`python -m consumer dead-letters`: look at what could not land, mend it, and send it again."""

import getpass
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from consumer.dead_letter_replay import awaiting, publish
from consumer.dead_letter_rules import Mending, Rule, read_patch
from consumer.dead_letter_store import Letter, Listed, Selection, Store, open_store
from consumer.gate import Refusal
from contracts.console import errors_as_exit_codes, print_json, progress, say, summary, table
from contracts.errors import BadInputError
from contracts.logs import configure_logs
from contracts.reasons import DeadLetterReason
from contracts.settings import ConsumerSettings, KafkaSettings, LakeSettings, load

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

SHOWN_BYTES = 4_000

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every step, and tracebacks.")]
Reason = Annotated[DeadLetterReason | None, typer.Option("--reason", help="Only letters with this reason.")]
Partition = Annotated[int | None, typer.Option("--partition", min=0, help="Only letters of this partition.")]
Offset = Annotated[int | None, typer.Option("--offset", min=0, help="Only the letter at this offset of --partition.")]
Day = Annotated[
    datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Only letters that arrived on this UTC day.")
]
All = Annotated[bool, typer.Option("--all", help="Every letter of the topic, when nothing else says which.")]
By = Annotated[str, typer.Option("--by", help="Who does it, for the audit; the account's name when empty.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@app.command("list")
def list_letters(
    reason: Reason = None,
    partition: Partition = None,
    day: Day = None,
    each: Annotated[bool, typer.Option("--each", help="One line for each letter instead of groups.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Count dead letters by day, partition, reason, and how far their replay has come. Never shows what they say."""
    with _store(verbose) as (store, topic):
        letters = store.listed(_selection(topic, partition, None, reason, day))
        rows = [letter._asdict() for letter in letters] if each else _groups(letters)
        if as_json:
            print_json(rows)
            return
        columns = list(rows[0]) if rows else ["dead letters"]
        table(f"Dead letters of {topic}", columns, [[str(value) for value in row.values()] for row in rows])
        say("Next: python -m consumer dead-letters show PARTITION OFFSET" if rows else "There are none.")


@app.command()
def show(
    partition: Annotated[int, typer.Argument(min=0)],
    offset: Annotated[int, typer.Argument(min=0)],
    full: Annotated[bool, typer.Option("--full", help=f"Also what is behind the first {SHOWN_BYTES} bytes.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show one dead letter: it is somebody's data. Control characters are escaped; --json has the bytes in base64."""
    with _store(verbose) as (store, _):
        letter = store.letter(partition, offset)
        if as_json:
            print_json(_as_json(letter, partition, offset))
            return
        limit = None if full else SHOWN_BYTES
        summary(
            f"Dead letter at partition {partition}, offset {offset}",
            {
                "arrived_at": letter.arrived_at.isoformat(),
                "reason": letter.reason,
                "error": letter.error,
                "key": _printable(letter.key, limit),
                "headers": ", ".join(f"{name}={_printable(value, limit)}" for name, value in letter.kafka_headers),
                "value": _printable(letter.value, limit),
                "fixed": letter.method or "no",
                "fixed_value": _printable(letter.fixed_value, limit),
            },
            next_step=f"python -m consumer dead-letters fix --partition {partition} --offset {offset} --rule …",
        )


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Made when missing; readable by its owner alone.")],
    reason: Reason = None,
    partition: Partition = None,
    offset: Offset = None,
    day: Day = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write letters.ndjson, one line a letter with its bytes in base64, and each value as PARTITION-OFFSET.value."""
    with _store(verbose) as (store, topic):
        letters = store.listed(_selection(topic, partition, offset, reason, day))
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _private(folder / "letters.ndjson") as lines:
                for each in letters:
                    letter = store.letter(each.partition, each.offset)
                    lines.write(msgspec.json.encode(_as_json(letter, each.partition, each.offset)) + b"\n")
                    with _private(folder / f"{each.partition}-{each.offset}.value") as file:
                        file.write(letter.value or b"")
        except OSError as error:
            raise BadInputError(f"Cannot be written: {error.strerror}", where=str(folder)) from error
        figures = {"letters": len(letters), "folder": str(folder)}
        summary("Exported", figures, next_step="edit a value, then fix --value FILE", as_json=as_json)


@app.command()
def fix(
    reason: Reason = None,
    partition: Partition = None,
    offset: Offset = None,
    day: Day = None,
    every: All = False,
    rule: Annotated[list[Rule] | None, typer.Option("--rule", help="May be given several times; in order.")] = None,
    merge_patch: Annotated[
        Path | None, typer.Option("--merge-patch", help="JSON merge patch (RFC 7396), after the rules.")
    ] = None,
    value: Annotated[Path | None, typer.Option("--value", help="File with the bytes of one letter's value.")] = None,
    by: By = "",
    dry_run: DryRun = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say what letters are to say when they are replayed. Only what would then land is kept; the letters stay."""
    with _store(verbose) as (store, topic):
        if not (rule or merge_patch or value):
            raise typer.BadParameter("Give --rule, --merge-patch or --value.")
        letters = _meant(store, _selection(topic, partition, offset, reason, day), every=every)
        if value and len(letters) != 1:
            raise typer.BadParameter(f"--value mends one letter, and {len(letters)} are meant.")
        mending = Mending(
            tuple(rule or ()),
            read_patch(_read(merge_patch), str(merge_patch)) if merge_patch else None,
            _read(value) if value else None,
        )
        settings = load(ConsumerSettings)
        outcomes: Counter[str] = Counter(fixed=0, still_refused=0, replayed_already=0)
        for each in letters:
            outcomes[_fix(store, each, mending, settings.maximum_message_bytes, by or _account(), dry_run)] += 1
        title = "Would be fixed" if dry_run else "Fixed"
        summary(title, {**outcomes}, next_step="python -m consumer dead-letters replay --all", as_json=as_json)


@app.command()
def replay(
    reason: Reason = None,
    partition: Partition = None,
    offset: Offset = None,
    day: Day = None,
    every: All = False,
    again: Annotated[bool, typer.Option("--again", help="Also those published before that have not landed.")] = False,
    by: By = "",
    dry_run: DryRun = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Publish fixed letters to their topic. However often one is published, it lands once."""
    with _store(verbose) as (store, topic):
        store.lock_replays()
        letters = _meant(store, _selection(topic, partition, offset, reason, day), every=every)
        chosen = awaiting(letters, again=again)
        figures = {"fixed": len(chosen), "published": 0, "left_alone": len(letters) - len(chosen)}
        if not dry_run and chosen:
            with progress("replaying", len(chosen)) as bar:
                figures["published"] = publish(load(KafkaSettings), store, chosen, by or _account(), bar)
        title = "Would be replayed" if dry_run else "Replayed"
        summary(title, figures, next_step="python -m consumer dead-letters list", as_json=as_json)


@contextmanager
def _store(verbose: bool) -> Iterator[tuple[Store, str]]:
    with errors_as_exit_codes(verbose):
        configure_logs(verbose=verbose)
        topic = load(KafkaSettings).topic
        with open_store(load(LakeSettings), topic) as store:
            yield store, topic


def _selection(
    topic: str, partition: int | None, offset: int | None, reason: DeadLetterReason | None, day: datetime | None
) -> Selection:
    if offset is not None and partition is None:
        raise typer.BadParameter("--offset needs --partition.")
    return Selection(topic, partition, offset, reason.value if reason else None, day.date() if day else None)


def _meant(store: Store, selection: Selection, *, every: bool) -> list[Listed]:
    if not every and selection == Selection(selection.topic):
        raise typer.BadParameter("Say which letters: --reason, --day, --partition, --offset, or --all.")
    return store.listed(selection)


def _fix(store: Store, listed: Listed, mending: Mending, maximum_bytes: int, by: str, dry_run: bool) -> str:
    if listed.state not in {"new", "fixed"}:
        return "replayed_already"
    letter = store.letter(listed.partition, listed.offset)
    mended = mending.apply(letter.key, letter.value, maximum_bytes)
    if isinstance(mended, Refusal):
        return "still_refused"
    key, value = mended
    if dry_run or store.fix(listed, key=key, value=value, method=mending.method, by=by):
        return "fixed"
    return "replayed_already"


def _groups(letters: list[Listed]) -> list[dict[str, Any]]:
    def group(letter: Listed) -> tuple[str, int, str, str]:
        return letter.day.isoformat(), letter.partition, letter.reason, letter.state

    rows = []
    for (day, partition, reason, state), members in groupby(sorted(letters, key=group), group):
        offsets = [member.offset for member in members]
        row: dict[str, Any] = {"day": day, "partition": partition, "reason": reason, "state": state}
        rows.append(row | {"letters": len(offsets), "first_offset": min(offsets), "last_offset": max(offsets)})
    return rows


def _as_json(letter: Letter, partition: int, offset: int) -> dict[str, Any]:
    def encoded(value: bytes | None) -> str | None:
        return None if value is None else b64encode(value).decode()

    return {
        "partition": partition,
        "offset": offset,
        "arrived_at": letter.arrived_at.isoformat(),
        "reason": letter.reason,
        "error": letter.error,
        "key": encoded(letter.key),
        "value": encoded(letter.value),
        "headers": letter.headers,
        "method": letter.method,
        "fixed_by": letter.fixed_by,
        "fixed_key": encoded(letter.fixed_key),
        "fixed_value": encoded(letter.fixed_value),
    }


def _printable(content: bytes | None, limit: int | None) -> str:
    """Return bytes as text that moves no cursor and changes no colour."""
    if content is None:
        return "none"
    text = content[:limit].decode("utf-8", "backslashreplace")
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    more = len(content) - limit if limit is not None else 0
    return f"{shown} … and {more:,} bytes more" if more > 0 else shown


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInputError(f"The file cannot be read: {error.strerror}", where=str(path)) from error


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
