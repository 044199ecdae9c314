"""Bento, built with Go from its module with the three kinds of components that this needs."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from benchmarks.peers.installing import run
from benchmarks.sink import NotInstallableError, Place, Program, Sink
from stack.cache import once

VERSION = "1.19.0"
MODULE = "github.com/warpstreamlabs/bento"
FILES = Path(__file__).parent
PARSED = {"PAYLOAD": "this", "TYPE": "jsonb"}
AS_TEXT = {"PAYLOAD": "content().string()", "TYPE": "text"}
"""What a message's document is in `bento.yaml`, to Bento and to Postgres."""


def install(name: str, cache: Path, say: Callable[[str], object], *, document: Mapping[str, str]) -> Sink:
    """Return Bento as a sink that writes the lake's own table."""
    folder = cache / f"bento-{VERSION}"
    go = shutil.which("go")
    if go is None and not folder.is_dir():
        raise NotInstallableError("Go, which would build it, is not installed")

    def build(unfinished: Path) -> None:
        say(f"Building Bento {VERSION}: some minutes, once on this machine …")
        shutil.copyfile(FILES / "bento.go", unfinished / "main.go")
        run([str(go), "mod", "init", "bento"], unfinished)
        run([str(go), "mod", "edit", f"-require={MODULE}@v{VERSION}"], unfinished)
        run([str(go), "build", "-mod=mod", "-ldflags=-s -w", "-o", "bento", "."], unfinished)

    program = once(folder, build) / "bento"
    return Sink(name, lambda place: [_program(program, place, document)])


def _program(program: Path, place: Place, document: Mapping[str, str]) -> Program:
    lake = place.lake
    user, password = quote(lake.user, safe=""), quote(lake.password.get_secret_value(), safe="")
    environment = {
        **place.libpq_environment(),
        **document,
        "KAFKA": place.kafka.bootstrap_servers,
        "TOPIC": place.kafka.topic,
        "GROUP": place.group,
        "DSN": f"postgres://{user}:{password}@{lake.host}:{lake.port}/{lake.database}?sslmode={lake.sslmode}",
    }
    return Program([str(program), "--config", str(FILES / "bento.yaml")], environment)
