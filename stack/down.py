"""`python -m stack down` and `clean`: stop what runs, from whatever terminal it was started; wipe what it left."""

import signal

from contracts.errors import ConfigurationError, FatalError
from stack.guard import stop_recorded
from stack.process import stop_tree
from stack.state import StackFolder

STOP_SECONDS = 90


def stop(folder: StackFolder) -> list[str]:
    """Stop the supervisor, which stops its parts, and then whatever is left; return the names of what ran.

    Raises FatalError when something still runs in the end.
    """
    running = folder.living_parts()
    supervisor = folder.supervisor()
    if supervisor:
        stop_tree(supervisor.identity, first=signal.SIGTERM, patience=STOP_SECONDS)
    stop_recorded(folder)
    left = folder.living_parts()
    if left:
        names = ", ".join(f"{part.name} (pid {part.pid})" for part in left)
        raise FatalError(f"Could not stop {names}", where=str(folder.path))
    return [part.name for part in running]


def wipe(folder: StackFolder) -> bool:
    """Delete the folder of a stopped stack; return whether there was one.

    Raises ConfigurationError when the folder holds something else.
    """
    if not folder.path.exists():
        return False
    if not (folder.path / "lock").exists() and any(folder.path.iterdir()):
        raise ConfigurationError(
            "This is not the folder of a stack", where=str(folder.path), remedy="Check TRIPLINE_STACK_FOLDER."
        )
    folder.wipe()
    return True
