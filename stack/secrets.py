"""Makes `.env` of `.env.example` and makes up the passwords that it asks for. `python3 -m stack.secrets`.

Needs nothing but Python, because it comes before `docker compose up`. What is there already is never changed.
"""

import re
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# `TRIPLINE_LAKE_PASSWORD_FILE=`, with nothing behind it: a password that has no file yet.
_ASKED_FOR = re.compile(r"^TRIPLINE_(\w+)_FILE=$", re.MULTILINE)


def fill_in(root: Path) -> list[Path]:
    """Write `root/.env` and a random password file for each one that it leaves open; return the new files."""
    env_file, folder = root / ".env", root / ".secrets"
    source = env_file if env_file.exists() else root / ".env.example"
    folder.mkdir(mode=0o700, exist_ok=True)
    made: list[Path] = []

    def name_file(asked: re.Match[str]) -> str:
        file = folder / asked[1].lower()
        if not file.exists():
            file.write_text(secrets.token_urlsafe(32), encoding="utf-8")
            # The folder keeps other users out; inside a container another user id has to read the file.
            file.chmod(0o444)
            made.append(file)
        return f"{asked[0]}{file.relative_to(root).as_posix()}"

    text = _ASKED_FOR.sub(name_file, source.read_text(encoding="utf-8"))
    if not env_file.exists() or text != env_file.read_text(encoding="utf-8"):
        env_file.write_text(text, encoding="utf-8")
    return made


if __name__ == "__main__":
    for path in fill_in(ROOT):
        print(f"made {path.relative_to(ROOT)}", file=sys.stderr)
    print(".env is complete. Next: docker compose up --detach --build", file=sys.stderr)
