"""Postgres' account gets folders and programs that it can reach, whoever owns the checkout."""

from pathlib import Path

import pytest

from stack.account import Account, reachable_copy, reachable_folder

ACCOUNT = Account("somebody", 65_534, 65_534)


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


def test_who_needs_no_other_account_uses_what_is_there(closed: Path) -> None:
    assert reachable_folder(closed, None) == closed
    assert reachable_copy(closed, closed, None, libraries=closed) == closed


def test_a_closed_folder_gets_a_stand_in_that_others_may_pass(closed: Path) -> None:
    stand_in = reachable_folder(closed / "postgres", ACCOUNT)
    try:
        assert closed not in stand_in.parents
        assert stand_in.stat().st_mode & 0o777 == 0o711
        assert reachable_folder(closed / "postgres", ACCOUNT) == stand_in
        assert reachable_folder(closed / "other", ACCOUNT) != stand_in
    finally:
        stand_in.rmdir()
        reachable_folder(closed / "other", ACCOUNT).rmdir()


def test_programs_in_a_closed_folder_are_copied_once_with_their_libraries(closed: Path, tmp_path: Path) -> None:
    source, libraries = closed / "package" / "installation", closed / "package.libs"
    program = source / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    (program.parent / "link").symlink_to("postgres")
    libraries.mkdir()
    (libraries / "libpq.so").touch()
    target = tmp_path / "target"
    target.mkdir()

    copy = reachable_copy(source, target, ACCOUNT, libraries=libraries)

    assert copy.parent.parent.parent == target
    assert (copy / "bin" / "postgres").stat().st_mode & 0o777 == 0o755
    assert (copy / "bin" / "link").readlink() == Path("postgres")
    assert (copy / "bin" / "../../../package.libs" / "libpq.so").exists()
    program.unlink()
    assert reachable_copy(source, target, ACCOUNT, libraries=libraries) == copy
    assert list(target.iterdir()) == [copy.parent.parent]


def test_libraries_that_stand_elsewhere_are_not_missed(closed: Path, tmp_path: Path) -> None:
    source = closed / "package" / "installation"
    source.mkdir(parents=True)
    copy = reachable_copy(source, tmp_path, ACCOUNT, libraries=closed / "package.libs")
    assert copy.is_dir()
