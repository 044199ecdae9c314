"""How each kind of fault is done and undone, and by what it proves that it happened."""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil

from contracts.lake import connect
from stack.process import members_of
from tests.soak.member import Member
from tests.soak.plan import Fault, Kind
from tests.soak.site import Site, SoakError
from tests.support.landing_site import SESSIONS
from tests.support.tcp_proxy import TcpProxy

Proof = Callable[[], bool]
"""Asked when the fault has held long enough: did it happen?"""


@contextmanager
def inflicted(site: Site, fault: Fault) -> Iterator[Proof]:
    """Do it on the way in, undo it on the way out."""
    kind, broker, lake = fault.kind, site.broker.proxy, site.lake_proxy
    consumer = site.consumers[fault.victim % len(site.consumers)]
    producer = site.producers[fault.victim % len(site.producers)]
    match kind:
        case Kind.CONSUMER_KILLED | Kind.CONSUMER_RESTARTED:
            arm = _consumer_gone(site, consumer, gently=kind is Kind.CONSUMER_RESTARTED)
        case Kind.PRODUCER_KILLED | Kind.PRODUCER_RESTARTED:
            arm = _producer_gone(site, producer, gently=kind is Kind.PRODUCER_RESTARTED)
        case Kind.CONSUMER_STOPPED:
            arm = _stopped(consumer)
        case Kind.PRODUCER_STOPPED:
            arm = _stopped(producer)
        case Kind.BROKER_KILLED | Kind.BROKER_STOPPED:
            arm = _broker_gone(site, kind)
        case Kind.LAKE_KILLED | Kind.LAKE_STOPPED:
            arm = _part_gone(site, "postgres", killed=kind is Kind.LAKE_KILLED)
        case Kind.LAKE_SESSIONS_ENDED:
            arm = _sessions_ended(site)
        case _:
            arm = _link_suffers(broker if "broker" in kind else lake, kind)
    with arm as proof:
        yield proof


@contextmanager
def _consumer_gone(site: Site, member: Member, *, gently: bool) -> Iterator[Proof]:
    member.is_held_down = True
    gone = site.retire(member) if gently else member.kill()
    yield lambda: gone
    site.start_consumer(member)


@contextmanager
def _producer_gone(site: Site, member: Member, *, gently: bool) -> Iterator[Proof]:
    member.is_held_down = True
    gone = site.retire(member) if gently else member.kill()
    site.end_producer_run(member, killed=not gently)
    yield lambda: gone
    site.start_producer(member)


@contextmanager
def _stopped(member: Member) -> Iterator[Proof]:
    stood_still = member.stop()
    yield lambda: stood_still
    member.wake()


@contextmanager
def _broker_gone(site: Site, kind: Kind) -> Iterator[Proof]:
    site.broker_answers = False
    with _part_gone(site, "kafka", killed=kind is Kind.BROKER_KILLED) as proof:
        yield proof
    site.broker_answers = True


@contextmanager
def _part_gone(site: Site, name: str, *, killed: bool) -> Iterator[Proof]:
    part = site.broker.stack.running[name]
    if killed:
        part.kill()
        yield part.has_died
        site.broker.stack.restart(name)
        return
    processes = members_of(part.identity)
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    yield lambda: _stand_still(processes)
    for process in processes:
        if process.is_running():
            process.send_signal(signal.SIGCONT)


def _stand_still(processes: Iterable[psutil.Process]) -> bool:
    """Whether those that are still there are stopped; a session of the server may have ended meanwhile."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.status() not in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}:
                return False
    return True


@contextmanager
def _sessions_ended(site: Site) -> Iterator[Proof]:
    with connect(site.lake, application="soak", autocommit=True) as connection:
        ended = connection.execute(f"SELECT count(pg_terminate_backend(pid)) {SESSIONS}".encode()).fetchall()
    yield lambda: ended[0][0] > 0


@contextmanager
def _link_suffers(proxy: TcpProxy, kind: Kind) -> Iterator[Proof]:
    before = _suffered(proxy)
    match kind:
        case Kind.BROKER_LINK_CUT | Kind.LAKE_LINK_CUT:
            proxy.reset()
        case Kind.LAKE_LINK_REFUSED:
            proxy.refuse()
        case Kind.BROKER_LINK_SILENT | Kind.LAKE_LINK_SILENT:
            proxy.swallow()
        case Kind.LAKE_LINK_HALF_OPEN:
            proxy.abandon()
        case Kind.BROKER_LINK_SLOW | Kind.LAKE_LINK_SLOW:
            proxy.slow(0.1, 50_000)
        case Kind.COMMIT_ANSWER_LOST:
            proxy.reset_after_answer(b"COMMIT")
        case _:
            raise SoakError("Nobody knows how to do this", where=kind)
    yield lambda: _suffered(proxy) > before
    proxy.heal()


def _suffered(proxy: TcpProxy) -> int:
    return proxy.resets + proxy.swallowed_bytes + proxy.abandoned + proxy.slowed_chunks
