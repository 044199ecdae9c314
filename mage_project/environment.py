"""Mage is set up by environment variables of its own; they are derived here from Tripline's settings.

Nothing here imports Mage, so it can be used and tested in any environment.
"""

from pathlib import Path

from sqlalchemy.engine import URL

from contracts.errors import ConfigurationError
from contracts.settings import LakeSettings, MageSettings

PROJECT = Path(__file__).resolve().parent
SCHEDULER_SECONDS = 2
# The trigger's name of a run without a server.
HEADLESS = "headless"
MINIMUM_PASSWORD = 12
MINIMUM_SECRET = 32


def database_url(mage: MageSettings, lake: LakeSettings) -> str:
    """Return SQLAlchemy's address of Mage's own state, password in plain text: never log it."""
    is_socket = lake.host.startswith("/")
    return URL.create(
        "postgresql+psycopg2",
        username=lake.user,
        password=lake.password.get_secret_value() or None,
        host=None if is_socket else lake.host,
        port=lake.port,
        database=mage.database,
        query={"sslmode": lake.sslmode, **({"host": lake.host} if is_socket else {})},
    ).render_as_string(hide_password=False)


def common_environment(data_folder: Path) -> dict[str, str]:
    """Return what every run of Mage needs; outputs, logs and history go to `data_folder`."""
    return {
        "ENV": "production",
        "MAGE_REPO_PATH": str(PROJECT),
        "MAGE_DATA_DIR": str(data_folder.resolve()),
        # Blocks import `warehouse` and `contracts` from the checkout.
        "PYTHONPATH": str(PROJECT.parent),
        # Mage asks git for nothing here, and there may be none.
        "GIT_PYTHON_REFRESH": "quiet",
        "ENABLE_OPEN_AI": "0",
        "ENABLE_HUGGING_FACE": "0",
    }


def headless_environment(folder: Path) -> dict[str, str]:
    """Return Mage's settings for a run without a server, whose state is its own and stands in `folder`."""
    return {**common_environment(folder), "MAGE_DATABASE_CONNECTION_URL": f"sqlite:///{folder.resolve()}/mage.db"}


def server_environment(mage: MageSettings, lake: LakeSettings, *, port: int) -> dict[str, str]:
    """Return Mage's settings for a server with a login and without terminals that looks for due runs every 2 seconds.

    Raises ConfigurationError for a password or secret that is missing or too short: Mage's own defaults are public.
    """
    _require(mage.owner_password.get_secret_value(), MINIMUM_PASSWORD, "TRIPLINE_MAGE_OWNER_PASSWORD")
    _require(mage.jwt_secret.get_secret_value(), MINIMUM_SECRET, "TRIPLINE_MAGE_JWT_SECRET")
    return {
        **common_environment(Path(mage.data_folder)),
        "MAGE_DATABASE_CONNECTION_URL": database_url(mage, lake),
        "REQUIRE_USER_AUTHENTICATION": "1",
        "DEFAULT_OWNER_EMAIL": mage.owner_email,
        "DEFAULT_OWNER_USERNAME": "owner",
        "DEFAULT_OWNER_PASSWORD": mage.owner_password.get_secret_value(),
        "JWT_SECRET": mage.jwt_secret.get_secret_value(),
        "DISABLE_TERMINAL": "1",
        "DISABLE_NOTEBOOK_EDIT_ACCESS": "0" if mage.allow_edits else "1",
        # The links in alerts.
        "MAGE_PUBLIC_HOST": mage.public_url or f"http://127.0.0.1:{port}",
        "DISABLE_AUTO_BROWSER_OPEN": "1",
        "DISABLE_AUTORELOAD": "1",
        # Below that Mage writes a line for every request and every tick of the scheduler.
        "SERVER_VERBOSITY": "warning",
        # What blocks print ends in the logs of runs.
        "NO_COLOR": "1",
        "SCHEDULER_TRIGGER_INTERVAL": str(SCHEDULER_SECONDS),
    }


def _require(value: str, length: int, name: str) -> None:
    if len(value) < length:
        raise ConfigurationError(
            f"Mage's server needs a secret of {length} characters or more",
            where=name,
            remedy="`make env` makes one up; `make up` does so by itself.",
        )
