"""What the stack remembers: passwords that only its user reads, settings that come back whole, one stack a folder."""

import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.errors import BusyError, ConfigurationError, ExitCode, UnreachableError
from stack import down, status
from stack.process import ProcessIdentity
from stack.state import Recorded, StackFolder, State

REFUSED = "'\\" + "".join(map(chr, range(32)))


@pytest.fixture
def folder(tmp_path: Path) -> StackFolder:
    made = StackFolder(tmp_path / "stack")
    made.make()
    return made


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_password_is_made_up_once_and_readable_by_its_user_only(folder: StackFolder) -> None:
    password = folder.secret("lake_password").get_secret_value()
    assert len(password) >= 40
    assert folder.secret("lake_password").get_secret_value() == password
    assert folder.secret("other").get_secret_value() != password
    assert _mode(folder.secret_file("lake_password")) == 0o600
    assert _mode(folder.path / "secrets") == 0o700


def test_the_settings_file_is_readable_by_its_user_only(folder: StackFolder) -> None:
    folder.write_environment({"TRIPLINE_LAKE_PASSWORD": "secret"})
    assert _mode(folder.env_file) == 0o600


@given(value=st.text(st.characters(exclude_characters=REFUSED, exclude_categories=["Cs"]), max_size=40))
@example(value='a b$HOME`id`"#${X}')
def test_a_setting_comes_back_from_the_settings_file_whole(
    value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = StackFolder(tmp_path_factory.mktemp("stack"))
    folder.write_environment({"TRIPLINE_EXAMPLE": value})
    assert folder.environment() == {"TRIPLINE_EXAMPLE": value}


def test_a_shell_reads_the_settings_file_as_well(folder: StackFolder) -> None:
    value = 'a b$HOME`id`"#${X}'
    folder.write_environment({"TRIPLINE_EXAMPLE": value})
    script = f'set -a; . "{folder.env_file}"; printf %s "$TRIPLINE_EXAMPLE"'
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout == value


@pytest.mark.parametrize("character", ["'", "\\", "\n", "\x00"])
def test_a_setting_that_readers_would_read_differently_is_refused_by_name(folder: StackFolder, character: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        folder.write_environment({"TRIPLINE_LAKE_USER": f"a{character}b"})
    assert refused.value.where == "TRIPLINE_LAKE_USER"


def test_a_folder_holds_one_stack_at_a_time(folder: StackFolder) -> None:
    with folder.lock(), pytest.raises(BusyError, match="A stack already runs here") as busy, folder.lock():
        pass
    assert busy.value.exit_code == ExitCode.BUSY
    with folder.lock():
        pass


def test_parts_that_a_dead_stack_left_must_be_stopped_first(folder: StackFolder) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    identity = ProcessIdentity.of(orphan.pid)
    gone = Recorded("supervisor", 2**22 + 1, time.time())
    folder.write(State(gone, (Recorded("kafka", *identity),)))
    with pytest.raises(BusyError, match="Parts of an earlier stack still run: kafka"), folder.lock():
        pass
    assert down.stop(folder) == ["kafka"]
    assert orphan.wait(timeout=60) != 0
    with folder.lock():
        pass


def test_a_state_file_that_was_cut_short_counts_as_none(folder: StackFolder) -> None:
    (folder.path / "state.json").write_text('{"parts": [', encoding="utf-8")
    assert folder.read() == State()


def test_status_without_a_stack_says_how_to_start_one(folder: StackFolder) -> None:
    with pytest.raises(UnreachableError, match="make up"):
        status.read_status(folder)


def test_wiping_takes_the_folder_of_a_stack_and_refuses_any_other(tmp_path: Path) -> None:
    mine = StackFolder(tmp_path / "mine")
    with mine.lock():
        mine.secret("lake_password")
    assert down.wipe(mine)
    assert not mine.path.exists()
    assert not down.wipe(mine)
    foreign = StackFolder(tmp_path)
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ConfigurationError, match="TRIPLINE_STACK_FOLDER"):
        down.wipe(foreign)
    assert (tmp_path / "thesis.txt").exists()


def test_others_cannot_list_the_folder(folder: StackFolder) -> None:
    assert _mode(folder.path) == 0o711
