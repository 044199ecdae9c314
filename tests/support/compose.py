"""A whole stack of docker-compose.yml beside any other: a project, names, ports, volumes and passwords of its own."""

import json
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings
from stack.ports import LOOPBACK, free_port
from stack.secrets import fill_in
from tests.services.choice import IMAGES, local_images

CHECKOUT = Path(__file__).resolve().parents[2]


class ComposeStack:
    """`docker compose` with the shipped file; only what cannot be there twice differs from a user's stack."""

    def __init__(self, folder: Path, **settings: object) -> None:
        """Write the `.env` of a user who ran `make env` and then gave these settings, `STACK_MAGE_PORT=1`."""
        self.project = f"tripline-test-{secrets.token_hex(4)}"
        self._folder = folder
        ports = {name: free_port() for name in ("KAFKA", "LAKE", "BIGQUERY", "MAGE")}
        shutil.copy(CHECKOUT / ".env.example", folder / ".env.example")
        fill_in(folder)
        env = (folder / ".env").read_text().replace("_FILE=.secrets/", f"_FILE={folder}/.secrets/")
        settings |= {f"STACK_{name}_PORT": port for name, port in ports.items()}
        env += "".join(f"TRIPLINE_{name}={value}\n" for name, value in settings.items())
        (folder / ".env").write_text(env)
        self._write_override()
        password = SecretStr((folder / ".secrets" / "lake_password").read_text())
        self.kafka = KafkaSettings(bootstrap_servers=f"{LOOPBACK}:{ports['KAFKA']}")
        self.lake = LakeSettings(port=ports["LAKE"], password=password)
        self.bigquery = BigQuerySettings(emulator_url=f"http://{LOOPBACK}:{ports['BIGQUERY']}")
        self.mage_url = f"http://{LOOPBACK}:{ports['MAGE']}"

    def __call__(self, *arguments: str, timeout: float = 600) -> str:
        """Run `docker compose …` and return its standard output; all of its output is in the error when it fails."""
        files = ["--file", str(CHECKOUT / "docker-compose.yml"), "--file", str(self._folder / "override.yml")]
        env_file = ["--env-file", str(self._folder / ".env")]
        command = ["docker", "compose", "--project-name", self.project, *files, *env_file, *arguments]
        done = subprocess.run(command, text=True, capture_output=True, timeout=timeout, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def config(self) -> dict[str, Any]:
        """Return what Compose makes of the files and the settings."""
        merged: dict[str, Any] = json.loads(self("--profile", "tools", "config", "--format", "json"))
        return merged

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what Docker says about each container, the ended ones too, by service."""
        lines = self("ps", "--all", "--format", "json").splitlines()
        return {row["Service"]: row for row in map(json.loads, lines)}

    def exit_code(self, service: str) -> int:
        """Return with what a container has ended."""
        return int(self.containers()[service]["ExitCode"])

    def inspect(self, service: str) -> dict[str, Any]:
        """Return `docker inspect` of a service's container."""
        command = ["docker", "inspect", self.containers()[service]["ID"]]
        found: list[dict[str, Any]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return found[0]

    def passwords(self) -> list[str]:
        """Return every password of this stack."""
        return [path.read_text() for path in (self._folder / ".secrets").iterdir()]

    def story(self) -> str:
        """Return what a person would look at first when something is wrong."""
        return self("ps", "--all") + self("logs", "--no-color", "--tail", "30")

    def left_over(self) -> list[str]:
        """Return the volumes and networks that are still there."""
        label = f"label=com.docker.compose.project={self.project}"
        found = [
            subprocess.run(["docker", kind, "ls", "--quiet", "--filter", label], check=True, capture_output=True)
            for kind in ("volume", "network")
        ]
        return [line for done in found for line in done.stdout.decode().split()]

    def _write_override(self) -> None:
        services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
        lines = ["services:"]
        for name, service in services.items():
            if "container_name" in service:
                lines += [f"  {name}:", "    container_name: !reset null"]
            if "env_file" in service:
                lines += [f"  {name}:", f"    env_file: !override [{self._folder}/.env]"]
        (self._folder / "override.yml").write_text("\n".join(lines) + "\n")


def missing() -> str:
    """Return why the stack cannot run here, or nothing."""
    if shutil.which("docker") is None:
        return "the docker command is not here"
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        return "docker has no compose command"
    absent = {"python:3.11-slim", *IMAGES.values()} - local_images()
    return f"no Docker daemon answers that has {', '.join(sorted(absent))}" if absent else ""
