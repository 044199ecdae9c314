"""Runs native services in a process of its own: `python -m tests.support.supervisor FOLDER CACHE SECONDS PART...`.

Prints the pids and user ids of their processes as one line of JSON, stays for so many seconds, and stops them.
"""

import json
import sys
import time
from pathlib import Path

from contracts.lake import connect
from contracts.settings import StackSettings
from stack.native import native_stack
from stack.process import members_of


def main(folder: str, cache: str, seconds: str, *parts: str) -> None:
    """Run the parts."""
    with native_stack(Path(folder), parts=parts, stack=StackSettings(cache_folder=cache)) as stack:
        if "postgres" in parts:
            connect(stack.lake, application="test").close()
        members = [member for part in stack.running.values() for member in members_of(part.identity)]
        uids = sorted({member.uids().real for member in members})
        print(json.dumps({"pids": [member.pid for member in members], "uids": uids}), flush=True)
        time.sleep(float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
