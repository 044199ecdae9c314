"""Consumers are killed, stopped and woken at the worst moments. Each test proves its fault; the ledger judges."""

import signal

from contracts.settings import LakeSettings
from tests.support.landing_site import PATIENCE_SECONDS, LandingSite, stop
from tests.support.tcp_proxy import TcpProxy

EVENTS = 3_000
BATCH = 100
SLOWLY = {"batch_rows": BATCH, "writers": 1}
# Whoever is killed stays in its group until its session ends; another group need not wait, and shares nothing but the
# lake.
HEIRS = "the-heirs"
IN_DRAG = "wait_event = 'PgSleep'"
IN_TRANSACTION = "state = 'idle in transaction'"


def test_kill_9_around_the_commit(site: LandingSite, proxy: TcpProxy, proxied: LakeSettings) -> None:
    """Three consumers die: before the commit leaves, while it is under way, and before its answer comes."""
    site.ledger.send_events(EVENTS)
    site.drag()
    for number, moment in enumerate(("before", "under way", "unanswered")):
        consumer = site.start(lake=proxied, group=f"{HEIRS}-{number}", **SLOWLY)
        site.begun(consumer, rows=number * 700 + 1)
        (proxy.hold_answer if moment == "unanswered" else proxy.hold_request)(b"COMMIT")
        site.wait_until(lambda held=number + 1: proxy.held == held, consumer)  # type: ignore[misc]
        open_transactions = int(moment != "unanswered")
        site.wait_until(lambda many=open_transactions: site.sessions(IN_TRANSACTION) == many, consumer)  # type: ignore[misc]
        landed = site.landed()
        consumer.kill()
        assert consumer.wait() == -signal.SIGKILL
        if moment == "before":
            proxy.reset()
        proxy.release()
        site.wait_until(lambda: site.sessions() == 0)
        assert site.landed() - landed == (BATCH if moment == "under way" else 0)
    (figures,) = site.settle(site.start(group=HEIRS))
    assert 0 < figures["landed"] < EVENTS


def test_a_zombie_that_wakes_up_before_its_landing_lands_nothing_twice(
    site: LandingSite, proxy: TcpProxy, proxied: LakeSettings
) -> None:
    """The fence alone: the unique key is dropped, so that nothing else could keep the zombie out."""
    site.execute("ALTER TABLE raw.trip_event DROP CONSTRAINT trip_event_coordinates")
    site.ledger.send_events(EVENTS)
    site.drag()
    # Its own deadline is not to come before the heir has everything.
    zombie = site.start(lake=proxied, landing_seconds=100, **SLOWLY)
    site.begun(zombie)
    proxy.hold_request(b"BEGIN")
    site.wait_until(lambda: proxy.held == 1, zombie)
    zombie.send_signal(signal.SIGSTOP)
    before = site.landed()
    site.release()
    heir = site.start()
    site.wait_until(site.is_accounted_for, heir)
    assert before < EVENTS == site.landed(), "the heir took over all that the zombie holds"
    proxy.release()
    zombie.send_signal(signal.SIGCONT)
    site.ledger.send_events(500)
    site.wait_until(site.is_accounted_for, zombie, heir)
    zombie.terminate()
    _, log = zombie.communicate(timeout=PATIENCE_SECONDS)
    assert zombie.returncode == 0, log
    assert "Another consumer moved the offsets of this batch" in log
    site.settle(heir)


def test_a_consumer_stopped_in_its_transaction_loses_it_to_the_server(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag(0.5)
    zombie = site.start(landing_seconds=2, **SLOWLY)
    site.wait_until(lambda: site.landed() > 0, zombie)

    def stopped_in_its_transaction() -> bool:
        zombie.send_signal(signal.SIGCONT)
        site.wait_until(lambda: site.sessions(IN_DRAG) > 0, zombie)
        zombie.send_signal(signal.SIGSTOP)
        return site.sessions(IN_DRAG) > 0

    site.wait_until(stopped_in_its_transaction)
    site.wait_until(lambda: site.sessions(IN_TRANSACTION) == 1)
    site.wait_until(lambda: site.sessions() == 0)
    assert site.landed() < EVENTS
    site.release()
    heir = site.start(group=HEIRS)
    site.wait_until(site.is_accounted_for, heir)
    zombie.send_signal(signal.SIGCONT)
    figures = site.settle(zombie, heir)
    assert figures[1]["landed"] > 0


def test_two_groups_on_one_lake_fence_each_other(site: LandingSite) -> None:
    """Both own every partition, as a zombie and its heir would, all the time; together they land it once."""
    groups = [f"{HEIRS}-{number}" for number in (1, 2)]
    consumers = [site.start(group=group, **SLOWLY) for group in groups]
    # Whoever begins to read when the other has landed everything meets no fence.
    site.wait_until(lambda: [site.members(group) for group in groups] == [[6], [6]], *consumers)
    site.wait_until(lambda: site.sessions() == len(consumers), *consumers)
    site.drag()
    site.ledger.send_events(EVENTS)
    site.begun(*consumers)
    figures = site.settle(*consumers)
    assert sum(each["retries"] for each in figures) > 0, "nobody was fenced"
    assert sum(each["landed"] for each in figures) == len(site.ledger.sent)


def test_sigterm_in_the_middle_lands_what_is_held(site: LandingSite) -> None:
    site.ledger.send_events(EVENTS)
    site.drag()
    consumer = site.start(**SLOWLY)
    site.begun(consumer)
    stop(consumer, with_signal=signal.SIGTERM)
    left_at = site.landed()
    assert 0 < left_at < EVENTS
    stored = site.scalar("SELECT sum(next_offset) FROM raw.consumer_offset")
    assert stored == left_at, "what was read is landed, and no further"
    (figures,) = site.settle(site.start())
    assert figures["landed"] == len(site.ledger.sent) - left_at
