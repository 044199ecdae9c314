"""Microsoft's own judges, when `make powerbi-tools` has installed them: the TMDL parser and the PBIR validator."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO, Any

from contracts.errors import FatalError
from powerbi import FOLDER
from powerbi.checks.finding import Finding

_MODULES = FOLDER / "microsoft" / "node_modules"
_PARSER = "@microsoft/powerbi-modeling-mcp-*/dist/powerbi-modeling-mcp*"
_VALIDATOR = _MODULES / ".bin" / "powerbi-report-author"


def tools_are_installed() -> bool:
    """Say whether both tools are there."""
    return _VALIDATOR.exists() and _parser() is not None


def check_tmdl(model_folder: Path) -> Iterator[Finding]:
    """Load the model with Microsoft's parser, and compare the files with how that writes them."""
    definition = model_folder / "definition"
    with TemporaryDirectory() as export, _Parser() as parser:
        problem = parser.call("ImportFromTmdlFolder", definition)
        if problem:
            yield Finding("MICROSOFT_TMDL", definition.name, problem)
            return
        problem = parser.call("ExportToTmdlFolder", Path(export))
        if problem:
            yield Finding("MICROSOFT_TMDL", definition.name, problem)
        for path in sorted(definition.rglob("*.tmdl")):
            written = Path(export) / path.relative_to(definition)
            if not written.is_file() or _text(written) != _text(path):
                yield Finding("MICROSOFT_TMDL_FORM", path.name, "is not as Microsoft's parser writes it")


def check_pbir(report_folder: Path) -> Iterator[Finding]:
    """Validate the report; the JSON Schemas are checked elsewhere."""
    command = [str(_VALIDATOR), "validate", "--no-schema", str(report_folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    try:
        data = json.loads(run.stdout)["data"]
    except (ValueError, KeyError) as error:
        raise FatalError("Microsoft's PBIR validator gave no answer", where=str(report_folder)) from error
    for rule, found in data.get("diagnostics", {}).items():
        for item in found["items"]:
            yield Finding(f"MICROSOFT_{rule}", Path(item.get("file", "report")).parent.name, item["message"][:200])


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n").strip()


def _parser() -> Path | None:
    return next((path for path in sorted(_MODULES.glob(_PARSER)) if path.is_file()), None)


class _Parser:
    """The parser as a server that speaks JSON-RPC, a line a message, on standard input and output."""

    def __enter__(self) -> "_Parser":
        program = _parser()
        if program is None:
            raise FatalError("Microsoft's TMDL parser is not installed", remedy="make powerbi-tools")
        command = [str(program), "--start", "--skipconfirmation"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        self._messages = 0
        hello = {"protocolVersion": "2025-06-18", "capabilities": {"elicitation": {}}, "clientInfo": _CLIENT}
        self._ask("initialize", hello)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def call(self, operation: str, folder: Path) -> str:
        """Run one operation of the parser on a folder; return what it complains about, or nothing."""
        request = {"operation": operation, "tmdlFolderPath": str(folder)}
        answer = self._ask("tools/call", {"name": "database_operations", "arguments": {"request": request}})
        result = answer.get("result", {})
        if "error" in answer or result.get("isError"):
            texts = [part.get("text", "") for part in result.get("content", [])]
            return " ".join(texts) or json.dumps(answer.get("error"))
        return ""

    def _ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._messages += 1
        self._send({"jsonrpc": "2.0", "id": self._messages, "method": method, "params": parameters})
        for line in _stream(self._process.stdout):
            message: dict[str, Any] = json.loads(line)
            if message.get("id") == self._messages and "method" not in message:
                return message
            if "method" in message and "id" in message:
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": {"action": "accept", "content": {}}})
        raise FatalError("Microsoft's TMDL parser ended without an answer", where=method)

    def _send(self, message: dict[str, Any]) -> None:
        stream = _stream(self._process.stdin)
        stream.write(json.dumps(message) + "\n")
        stream.flush()


_CLIENT = {"name": "tripline", "version": "1"}


def _stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101 - both are pipes
    return pipe
