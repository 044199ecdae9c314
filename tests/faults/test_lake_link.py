"""The link to the lake is cut, held, slow or silent. Each test proves its fault; the ledger judges."""

from collections.abc import Callable
from functools import partial
from itertools import count

import pytest

from consumer.batch import Batch, DeadLetter, Move, Record
from consumer.gate import Refusal
from consumer.landing import Lake
from consumer.migrate import migrate
from contracts.errors import ConfigurationError, TransientError, UnreachableError
from contracts.lake import connect
from contracts.reasons import DeadLetterReason
from contracts.settings import LakeSettings
from tests.support.landing_site import LandingSite, finish
from tests.support.tcp_proxy import TcpProxy

EVENTS = 3_000
SLOWLY = {"batch_rows": 100}


def test_commit_whose_answer_is_lost(site: LandingSite, proxy: TcpProxy, proxied: LakeSettings) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=proxied, **SLOWLY)
    for cut in (1, 2, 3):
        site.begun(consumer, rows=cut * 500)
        proxy.reset_after_answer(b"COMMIT")
        site.wait_until(lambda wanted=cut: proxy.resets == wanted, consumer)  # type: ignore[misc]
    (figures,) = site.settle(consumer)
    assert figures["retries"] >= 3
    lost = len(site.ledger.sent) - figures["landed"]
    assert 0 < lost <= 3 * SLOWLY["batch_rows"], "each lost answer was to a commit that happened"


def test_connection_reset_while_the_lake_cannot_be_reached(
    site: LandingSite, proxy: TcpProxy, proxied: LakeSettings
) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=proxied, **SLOWLY)
    site.begun(consumer)
    proxy.refuse()
    site.wait_until(lambda: proxy.resets >= 4, consumer)
    assert site.landed() < EVENTS
    proxy.heal()
    (figures,) = site.settle(consumer)
    assert figures["retries"] >= 3


def test_silence_is_left_within_the_deadline(site: LandingSite, proxy: TcpProxy, proxied: LakeSettings) -> None:
    """A black hole, then a half-open link: the client's end stays open, and nothing comes any more."""
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=proxied, landing_seconds=2, **SLOWLY)
    accepted = 0

    def is_silent(silence: Callable[[], None], counter: str) -> bool:
        nonlocal accepted
        accepted = proxy.accepted
        silence()
        return int(getattr(proxy, counter)) > 0

    for silence, counter, rows in ((proxy.swallow, "swallowed_bytes", 1), (proxy.abandon, "abandoned", EVENTS // 2)):
        site.begun(consumer, rows=rows)
        # Again, if it was just connecting again.
        site.wait_until(partial(is_silent, silence, counter), consumer)
        site.wait_until(lambda: proxy.accepted > accepted, consumer)
        proxy.heal()
    (figures,) = site.settle(consumer)
    assert figures["retries"] >= 2


def test_a_slow_link_only_slows(site: LandingSite, proxy: TcpProxy, proxied: LakeSettings) -> None:
    site.ledger.send_events(300)
    site.drag()
    proxy.slow(0.05, 200_000)
    consumer = site.start(lake=proxied, **SLOWLY)
    (figures,) = site.settle(consumer)
    assert proxy.slowed_chunks > 20
    assert figures["retries"] == 0


def test_a_signal_is_obeyed_while_the_lake_is_gone(site: LandingSite, proxy: TcpProxy, proxied: LakeSettings) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(lake=proxied, **SLOWLY)
    site.begun(consumer)
    proxy.refuse()
    site.wait_until(lambda: proxy.resets >= 3, consumer)
    assert finish(consumer)["landed"] < EVENTS
    site.run_to_end(group="after")
    site.verify()


def test_a_landing_cut_anywhere_is_whole_or_absent(
    lake_settings: LakeSettings, proxy: TcpProxy, proxied: LakeSettings
) -> None:
    """Cut the link at the first chunk of a landing's conversation, at the second, … until several pass uncut.

    One that passes is no end yet: chunks may come together, so that a conversation has fewer of them.
    """
    migrate(lake_settings)
    witness = Lake(lake_settings, "trips", 10)
    witness.register(0, 0)
    absent = passed = 0
    for chunk in count(1):
        stands, resets = witness.offsets()[0], proxy.resets
        proxy.cut_at(chunk)
        lake = Lake(proxied, "trips", 10)
        try:
            lake.land(_batch(stands))
            uncut = proxy.resets == resets
        except (TransientError, UnreachableError, ConfigurationError):
            uncut = False
            assert proxy.resets == resets + 1
        # What is left of the cut is not for the farewell.
        proxy.heal()
        lake.disconnect()
        stood, stands = stands, witness.offsets()[0]
        absent += stands == stood
        assert stands in {stood, stood + 3}
        assert _coordinates(lake_settings) == list(range(stands))
        passed = passed + 1 if uncut else 0
        if passed == 5:
            break
    assert absent > 10
    # As chunks come together differently each time, none of these may have been the answer to the commit.
    proxy.heal()
    proxy.reset_after_answer(b"COMMIT")
    lake, stands = Lake(proxied, "trips", 10), witness.offsets()[0]
    with pytest.raises(TransientError):
        lake.land(_batch(stands))
    lake.disconnect()
    assert witness.offsets()[0] == stands + 3
    assert _coordinates(lake_settings) == list(range(stands + 3))
    witness.disconnect()


def _batch(start: int) -> Batch:
    first, letter, last = (Record(0, start + step, 1_714_564_800_000, b"key", b"{}", None) for step in range(3))
    refusal = Refusal(DeadLetterReason.NOT_JSON, "not JSON")
    return Batch([first, last], [DeadLetter(letter, refusal)], {0: Move(start, start + 3)})


def _coordinates(lake: LakeSettings) -> list[int]:
    query = "SELECT kafka_offset FROM raw.trip_event UNION ALL SELECT kafka_offset FROM raw.dead_letter ORDER BY 1"
    with connect(lake, application="test") as connection:
        return [offset for (offset,) in connection.execute(query)]
