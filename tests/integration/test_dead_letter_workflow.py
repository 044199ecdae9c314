"""Dead letters are listed, looked at, mended and sent again; of each letter one replay lands, whatever happens."""

import json
import stat
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from confluent_kafka import Producer
from typer.testing import CliRunner, Result

from consumer.__main__ import app
from contracts.broker import partition_ranges
from contracts.errors import ExitCode
from contracts.reasons import DeadLetterReason
from contracts.settings import KafkaSettings, LakeSettings
from tests.support import commands
from tests.support.landing_site import LandingSite

BOM, NUL, BROKEN = b'\xef\xbb\xbf{"canary": 1}', b'{"canary": "\\u0000"}', b'{"canary": '
HOLD = """
CREATE FUNCTION raw.hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NEW; END';
CREATE TRIGGER hold BEFORE UPDATE ON raw.dead_letter_replay FOR EACH ROW EXECUTE FUNCTION raw.hold();
"""
LET_GO = """
SELECT pg_terminate_backend(pid, 120000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'tripline-dead-letters';
DROP FUNCTION raw.hold CASCADE;
"""


@pytest.fixture
def site(kafka_settings: KafkaSettings, lake_settings: LakeSettings) -> Iterator[LandingSite]:
    """A lake with three dead letters in partition 0, at the offsets 0, 1 and 2, and a sound event."""
    with LandingSite(kafka_settings, lake_settings) as made:
        made.ledger.send(BOM, headers=[("trace", b"\x00\xff")], reason=DeadLetterReason.NOT_JSON, partition=0)
        made.ledger.send(NUL, reason=DeadLetterReason.NUL_CHARACTER, partition=0)
        made.ledger.send(BROKEN, reason=DeadLetterReason.NOT_JSON, partition=0)
        made.ledger.send(b'{"sound": true}', partition=0)
        assert made.run_to_end()["dead_lettered"] == 3
        yield made


def invoke(site: LandingSite, *arguments: str, expect: int = 0) -> Result:
    """Run a command in this process: there are many of them here."""
    done = CliRunner().invoke(app, ["dead-letters", *arguments], env=site.environment())
    structlog.reset_defaults()
    assert done.exit_code == expect, done.output
    return done


def letters(site: LandingSite, *arguments: str) -> Any:
    return json.loads(invoke(site, *arguments, "--json").stdout)


def states(site: LandingSite) -> list[str]:
    return [letter["state"] for letter in letters(site, "list", "--each")]


def payloads(site: LandingSite) -> list[Any]:
    return [row[0] for row in site.rows("SELECT payload FROM raw.trip_event ORDER BY kafka_partition, kafka_offset")]


def test_from_the_list_to_the_lake(site: LandingSite, tmp_path: Path) -> None:
    groups = letters(site, "list", "--reason", "not_json")
    assert [(each["reason"], each["state"], each["letters"]) for each in groups] == [("not_json", "new", 2)]
    assert "canary" not in invoke(site, "list", "--each").output
    shown = letters(site, "show", "0", "0")
    assert (b64decode(shown["value"]), shown["reason"]) == (BOM, "not_json")

    assert letters(site, "export", str(tmp_path / "out"))["letters"] == 3
    value = tmp_path / "out" / "0-2.value"
    assert value.read_bytes() == BROKEN
    assert stat.S_IMODE(value.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in (tmp_path / "out" / "letters.ndjson").read_text().splitlines()]
    assert [b64decode(line["value"]) for line in lines] == [BOM, NUL, BROKEN]

    would = letters(site, "fix", "--all", "--rule", "strip-bom", "--rule", "remove-nul", "--dry-run")
    assert would == {"fixed": 2, "still_refused": 1, "replayed_already": 0}
    assert states(site) == ["new", "new", "new"]
    assert letters(site, "fix", "--all", "--rule", "strip-bom", "--rule", "remove-nul", "--by", "ada") == would
    value.write_bytes(BROKEN + b"2}")
    patch = tmp_path / "patch.json"
    patch.write_text('{"patched": true}')
    options = ("--value", str(value), "--merge-patch", str(patch))
    assert letters(site, "fix", "--partition", "0", "--offset", "2", *options)["fixed"] == 1

    before = {each.partition: each.high for each in partition_ranges(site.kafka)}
    assert letters(site, "replay", "--all", "--dry-run") == {"fixed": 3, "published": 0, "left_alone": 0}
    assert {each.partition: each.high for each in partition_ranges(site.kafka)} == before
    assert letters(site, "replay", "--all", "--by", "grace")["published"] == 3
    assert states(site) == ["published"] * 3
    assert letters(site, "replay", "--all")["published"] == 0
    assert letters(site, "replay", "--all", "--again")["published"] == 3

    figures = site.run_to_end()
    assert (figures["landed"], figures["dead_letter_reasons"]) == (3, {"already_replayed": 3})
    mended = [{"canary": 1}, {"canary": ""}, {"canary": 2, "patched": True}, {"sound": True}]
    assert sorted(payloads(site), key=str) == sorted(mended, key=str)
    assert states(site)[:3] == ["landed"] * 3
    assert letters(site, "replay", "--all", "--again")["published"] == 0
    audit = site.rows(
        "SELECT DISTINCT ON (replay.kafka_offset) fixed_by, method, replayed_by, to_partition, to_offset "
        "FROM raw.dead_letter_replay AS replay JOIN raw.dead_letter_fix USING (topic, kafka_partition, kafka_offset) "
        "ORDER BY replay.kafka_offset, replay_id"
    )
    assert [row[:3] for row in audit[:2]] == [("ada", "strip-bom, remove-nul", "grace")] * 2
    assert audit[2][1] == "other bytes, merge patch"
    landings = site.rows("SELECT to_partition, to_offset FROM raw.dead_letter_landing ORDER BY kafka_offset")
    assert [row[3:] for row in audit] == landings


def test_killed_between_publishing_and_the_audit_it_lands_once(site: LandingSite) -> None:
    assert letters(site, "fix", "--reason", "nul_character", "--rule", "remove-nul")["fixed"] == 1
    ends = sum(each.high for each in partition_ranges(site.kafka))
    site.execute(HOLD)
    replay = commands.start(site.environment(), "consumer", "dead-letters", "replay", "--all")
    site.watch(replay)
    held = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE raw.dead_letter_replay%' AND state = 'active'"
    )
    site.wait_until(lambda: site.scalar(held) == 1, replay)
    assert sum(each.high for each in partition_ranges(site.kafka)) == ends + 1, "it was not published before the kill"
    assert "Another replay is running" in invoke(site, "replay", "--all", expect=ExitCode.BUSY).stderr
    replay.kill()
    replay.wait()
    site.execute(LET_GO)
    site.wait_until(lambda: states(site)[1] == "unconfirmed")
    assert letters(site, "replay", "--all")["published"] == 1
    assert sum(each.high for each in partition_ranges(site.kafka)) == ends + 2, "it was not published twice"
    figures = site.run_to_end()
    assert (figures["landed"], figures["dead_letter_reasons"]) == (1, {"already_replayed": 1})
    assert payloads(site).count({"canary": ""}) == 1
    assert letters(site, "fix", "--all", "--rule", "unchanged")["replayed_already"] == 1


def test_a_header_that_only_looks_like_an_origin_changes_nothing(site: LandingSite) -> None:
    producer = Producer(site.kafka.client_config())
    for _ in range(2):
        producer.produce(site.kafka.topic, b'{"odd": 1}', headers=[("tripline-origin", b"not/coordinates")])
    assert producer.flush(30) == 0
    assert site.run_to_end()["landed"] == 2


def test_which_letters_are_meant_must_be_said(site: LandingSite) -> None:
    for arguments in (("fix", "--rule", "unchanged"), ("replay",), ("fix", "--all"), ("replay", "--offset", "1")):
        invoke(site, *arguments, expect=ExitCode.USAGE)
    assert "partition 0, offset 99" in invoke(site, "show", "0", "99", expect=ExitCode.BAD_INPUT).stderr
