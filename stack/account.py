"""Postgres refuses to run as root: then an unprivileged account runs it, from folders that this account can reach."""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

from contracts.errors import ConfigurationError

CANDIDATES = ("postgres", "nobody", "daemon")
SHARED_FOLDER = Path("/var/tmp")  # noqa: S108 - what is made in it belongs to root and is checked to


class Account(NamedTuple):
    """An account without rights, by number."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Return the account to run Postgres as; None when we are not root and can run it ourselves.

    Raises ConfigurationError when this machine has none of the usual accounts.
    """
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ConfigurationError(
        "Postgres does not run as root, and no unprivileged account was found",
        where=", ".join(CANDIDATES),
        remedy="Run this as a plain user.",
    )


def reachable_folder(folder: Path, account: Account | None) -> Path:
    """Return `folder` when the account can reach it, else a stand-in for it that it can."""
    if account is None or _anybody_can_reach(folder):
        return folder
    parent = SHARED_FOLDER if SHARED_FOLDER.is_dir() else Path(tempfile.gettempdir())
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    stand_in = parent / f"tripline-{name}"
    stand_in.mkdir(mode=0o711, exist_ok=True)
    if stand_in.is_symlink() or stand_in.stat().st_uid != os.geteuid():
        raise ConfigurationError("A folder for Postgres belongs to somebody else", where=str(stand_in))
    return stand_in


def reachable_copy(source: Path, folder: Path, account: Account | None, *, libraries: Path) -> Path:
    """Return `source` when the account can reach it, else a copy of it under `folder`, made once.

    A program finds its `libraries`, if there are any, by where they stand as seen from it: so they are copied too.
    """
    if account is None or _anybody_can_reach(source):
        return source
    version = hashlib.sha256(f"{source}{source.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copy = folder / f"{source.name}-{version}"
    home = libraries.parent
    if not copy.is_dir():
        unfinished = Path(tempfile.mkdtemp(dir=folder))
        unfinished.chmod(0o711)
        for part in (source, libraries):
            if part.is_dir():
                shutil.copytree(part, unfinished / part.relative_to(home), symlinks=True)
        unfinished.rename(copy)
    return copy / source.relative_to(home)


def _anybody_can_reach(folder: Path) -> bool:
    """Say whether every existing folder on the way lets others pass."""
    existing = (parent for parent in (folder, *folder.parents) if parent.exists())
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in existing)
