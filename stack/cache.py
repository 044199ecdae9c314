"""Where downloads that every checkout shares are kept: the user's cache folder, or the one that the settings name."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from contracts.settings import StackSettings


def cache_folder(stack: StackSettings) -> Path:
    """Return the folder, made when it is missing."""
    folder = Path(stack.cache_folder) if stack.cache_folder else user_cache_path("tripline")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Return a folder of the cache, filled by `make` when it is not there yet: whole, or not at all."""
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-") as temporary:
            unfinished = Path(temporary) / "unfinished"
            unfinished.mkdir()
            make(unfinished)
            try:
                unfinished.rename(folder)
            except OSError:
                if not folder.is_dir():
                    raise  # Anything but another process that was faster.
    return folder
