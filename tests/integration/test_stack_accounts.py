"""Whoever runs the native services, root or a plain user: Postgres runs without rights, nothing is to be prepared."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import psutil
import pytest

from contracts.lake import connect
from contracts.settings import StackSettings, child_environment
from stack import postgres
from stack.cache import cache_folder
from stack.kafka_jars import fetch_jars
from stack.native import SERVICES, native_stack
from stack.process import members_of
from stack.state import StackFolder

CHECKOUT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
NOBODY = 65_534


@pytest.mark.skipif(not AS_ROOT, reason="a plain user needs no other account for Postgres")
def test_as_root_postgres_runs_as_another_account_even_where_that_cannot_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = postgres.LIBRARIES.parent
    for name in ("INSTALLATION", "LIBRARIES"):
        part: Path = getattr(postgres, name)
        moved = closed / part.relative_to(home)
        shutil.copytree(part, moved, symlinks=True)
        monkeypatch.setattr(postgres, name, moved)
    with native_stack(closed / "stack", parts=["postgres"]) as stack:
        with connect(stack.lake, application="test") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        uids = {member.uids().real for member in members_of(stack.running["postgres"].identity)}
        data = Path(psutil.Process(stack.running["postgres"].pid).cwd())
        assert 0 not in uids
        assert closed not in data.parents
        assert data.stat().st_mode & 0o777 == 0o700
    stack.folder.wipe()
    assert not data.exists()
    assert not (closed / "stack").exists()


@pytest.mark.skipif(not AS_ROOT, reason="all the other tests run as a plain user already")
def test_as_a_plain_user_all_services_run_as_that_user() -> None:
    python = _python_for_anybody()
    if python is None:
        pytest.skip("this interpreter, and any other of its version, stands in a folder that only root can enter")
    home = Path(tempfile.mkdtemp(prefix="tripline-test-"))
    try:
        jars = fetch_jars(cache_folder(StackSettings()))
        shutil.copytree(jars, home / "cache" / jars.name)
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        done = subprocess.run(
            [str(python), "-m", "tests.support.supervisor", str(home / "stack"), str(home / "cache"), "0", *SERVICES],
            cwd=CHECKOUT,
            env={
                **child_environment(),
                "HOME": str(home),
                "PYTHONPATH": os.pathsep.join([str(CHECKOUT), sysconfig.get_path("purelib")]),
            },
            capture_output=True,
            text=True,
            check=False,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
        )
        assert done.returncode == 0, done.stderr
        assert f'"uids": [{NOBODY}]' in done.stdout
        assert StackFolder(home / "stack").living_parts() == []
    finally:
        shutil.rmtree(home)


def _python_for_anybody() -> Path | None:
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (Path(sys.executable).resolve(), Path("/usr/bin") / name, Path("/usr/local/bin") / name):
        path = candidate.resolve()
        if path.exists() and all(parent.stat().st_mode & 0o001 for parent in path.parents):
            return candidate
    return None
