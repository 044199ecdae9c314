"""Where downloads that every checkout shares are kept: the user's cache folder, or the one that the settings name."""

from pathlib import Path

from platformdirs import user_cache_path

from contracts.settings import StackSettings


def cache_folder(stack: StackSettings) -> Path:
    """Return the folder, made when it is missing."""
    folder = Path(stack.cache_folder) if stack.cache_folder else user_cache_path("tripline")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()
