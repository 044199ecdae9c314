"""Writes `.env.example`: every setting with its default and its meaning. `python -m contracts.env_example`."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from pydantic import SecretStr

from contracts.settings import ALL_SETTINGS, PREFIX, Settings

ENV_EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"

# Passwords that have no default and that the stack cannot do without; `make env` makes them up.
MADE_UP = (
    "TRIPLINE_LAKE_PASSWORD",
    "TRIPLINE_ROLES_CONSUMER_PASSWORD",
    "TRIPLINE_ROLES_WAREHOUSE_PASSWORD",
    "TRIPLINE_ROLES_MAINTENANCE_PASSWORD",
    "TRIPLINE_ROLES_ANALYST_PASSWORD",
    "TRIPLINE_MAGE_OWNER_PASSWORD",
    "TRIPLINE_MAGE_JWT_SECRET",
)

_HEAD = f"""\
All settings of Tripline. `make env` copies this file to .env, with fresh passwords in .secrets/; change them there.
A line that begins with "# {PREFIX}" shows a default. The environment overrides .env, and every setting can be
read from a file instead: its name with _FILE at the end, the path as the value.
`docker compose` sets the addresses between its containers itself. TRIPLINE_BIGQUERY_EMULATOR_URL, when it is given
and empty, makes it load into the real BigQuery too."""


def render() -> str:
    """Return the text of `.env.example`."""
    lines = [f"# {line}" for line in _HEAD.splitlines()]
    for model in ALL_SETTINGS:
        lines += ["", *_comment(f"{model.section}: {model.__doc__}")]
        for setting in _settings(model):
            lines += ["", *setting]
    return "\n".join(lines) + "\n"


def _settings(model: type[Settings]) -> Iterator[list[str]]:
    for name, field in model.names().items():
        info = model.model_fields[field]
        description = _comment(info.description or "")
        if name in MADE_UP:
            yield [*description, f"{name}_FILE="]
            continue
        default = info.default.get_secret_value() if isinstance(info.default, SecretStr) else info.default
        yield [*description, f"# {name}={default}"]


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(text, 116)]


if __name__ == "__main__":
    ENV_EXAMPLE.write_text(render(), encoding="utf-8")
