"""`.env.example` lists every setting, and `.env` is made of it with passwords nobody else has."""

import subprocess
import sys
from pathlib import Path

import pytest

from contracts.env_example import ENV_EXAMPLE, MADE_UP, render
from contracts.settings import ALL_SETTINGS, MageSettings, load, read_environment
from stack.secrets import fill_in

ROOT = Path(__file__).resolve().parents[2]


def checkout(folder: Path) -> Path:
    (folder / ".env.example").write_text(render())
    return folder


def test_the_file_is_what_the_settings_say() -> None:
    assert ENV_EXAMPLE.read_text() == render(), "run `make format`, or `python -m contracts.env_example`"


def test_the_defaults_shown_are_the_defaults(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(render().replace("# TRIPLINE_", "TRIPLINE_"))
    shown = read_environment({}, env_file)
    assert len(shown) == sum(len(model.names()) for model in ALL_SETTINGS) - len(MADE_UP)
    for model in ALL_SETTINGS:
        assert load(model, {}, env_file) == load(model, {}, Path("/nonexistent/.env"))


def test_no_password_works_before_it_is_made_up(tmp_path: Path) -> None:
    values = read_environment({}, checkout(tmp_path) / ".env.example")
    assert not {name for name in values if "PASSWORD" in name or "SECRET" in name}


def test_passwords_are_made_up_once_and_out_of_others_sight(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    assert len(fill_in(root)) == len(MADE_UP)
    before = {path: path.read_bytes() for path in [root / ".env", *(root / ".secrets").iterdir()]}
    assert fill_in(root) == []
    assert {path: path.read_bytes() for path in before} == before
    assert len(set(before.values())) == len(before)
    assert (root / ".secrets").stat().st_mode & 0o077 == 0


def test_an_existing_env_file_keeps_what_the_user_wrote(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    (root / ".env").write_text("TRIPLINE_KAFKA_TOPIC=mine\nTRIPLINE_LAKE_PASSWORD_FILE=\n")
    assert fill_in(root) == [root / ".secrets" / "lake_password"]
    assert (root / ".env").read_text() == (
        "TRIPLINE_KAFKA_TOPIC=mine\nTRIPLINE_LAKE_PASSWORD_FILE=.secrets/lake_password\n"
    )


def test_the_settings_read_what_was_made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_in(checkout(tmp_path))
    monkeypatch.chdir(tmp_path)
    settings = load(MageSettings, {})
    assert len(settings.jwt_secret.get_secret_value()) >= 32
    assert len(settings.owner_password.get_secret_value()) >= 32


def test_it_needs_nothing_but_python() -> None:
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import stack.secrets"]
    subprocess.run([*command, str(ROOT)], check=True)
