"""All of a tree of processes ends, whatever it does about it, and nobody else's."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from stack.process import ProcessIdentity, is_alive, kill_tree, members_of, stop_tree

# A leader with a child that ignores SIGTERM and a grandchild in a session of its own; each prints its pid.
TREE = """
import os, signal, subprocess, sys, time
print(os.getpid(), flush=True)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"])
elif sys.argv[1] == "child":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, __file__, "grandchild"], start_new_session=True)
time.sleep(600)
"""


class Tree:
    """A started tree: its leader, and the pids of its three processes."""

    def __init__(self, script: str) -> None:
        self.leader = subprocess.Popen(
            [sys.executable, script], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.leader.stdout is not None
        self.pids = [int(self.leader.stdout.readline()) for _ in range(3)]
        self.identity = ProcessIdentity.of(self.leader.pid)

    def living(self) -> list[int]:
        return [pid for pid in self.pids if _lives(pid)]


@pytest.fixture
def tree(tmp_path: os.PathLike[str]) -> Iterator[Tree]:
    script = os.path.join(tmp_path, "tree.py")  # noqa: PTH118
    with open(script, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(TREE)
    started = Tree(script)
    yield started
    for pid in started.living():
        os.kill(pid, signal.SIGKILL)
    started.leader.wait()
    assert started.leader.stdout is not None
    started.leader.stdout.close()


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _wait_until_dead(pid: int) -> None:
    deadline = time.monotonic() + 60
    while _lives(pid):
        assert time.monotonic() < deadline, "still alive"
        time.sleep(0.02)


def test_stopping_ends_a_child_that_ignores_the_signal_and_one_in_another_session(tree: Tree) -> None:
    assert {member.pid for member in members_of(tree.identity)} == set(tree.pids)
    stop_tree(tree.identity)
    assert tree.living() == []


def test_killing_ends_the_whole_tree_at_once(tree: Tree) -> None:
    kill_tree(tree.identity)
    assert tree.living() == []
    assert tree.leader.wait() == -signal.SIGKILL, "nobody was asked first"


def test_what_a_dead_leader_left_in_its_session_is_found_and_ended(tree: Tree) -> None:
    os.kill(tree.leader.pid, signal.SIGKILL)
    tree.leader.wait()
    assert not is_alive(tree.identity)
    orphan = tree.pids[1]
    assert [member.pid for member in members_of(tree.identity)] == [orphan]
    stop_tree(tree.identity)
    _wait_until_dead(orphan)


def test_a_recycled_pid_is_not_mistaken(tree: Tree) -> None:
    earlier = ProcessIdentity(tree.leader.pid, tree.identity.started - 60)
    assert not is_alive(earlier)
    assert members_of(earlier) == []
    stop_tree(earlier)
    kill_tree(earlier)
    assert tree.living() == tree.pids
