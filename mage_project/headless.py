"""`python -m mage_project run`: a pipeline without a server, with an exit code that tells the truth."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from contracts import console
from contracts.errors import ConfigurationError
from contracts.settings import MageSettings
from mage_project.environment import PROJECT, headless_environment
from mage_project.output import printed_to
from mage_project.result import RunResult


def run(
    pipeline: str,
    variables: Mapping[str, Any],
    settings: MageSettings,
    *,
    until_caught_up: bool,
    report: Callable[[RunResult], None],
) -> list[RunResult]:
    """Run the pipeline once, or until a run finds nothing to do; tell each finished run to `report`.

    Raises what the failed block raised when that is a TriplineError; FatalError for any other failure;
    ConfigurationError for an unknown pipeline, or one that can never find nothing to do. All but the first name
    Mage's log on standard error.
    """
    if not (PROJECT / "pipelines" / pipeline / "metadata.yaml").is_file():
        known = ", ".join(sorted(path.parent.name for path in PROJECT.glob("pipelines/*/metadata.yaml")))
        raise ConfigurationError("No such pipeline", where=pipeline, remedy=f"There are: {known}.")
    results: list[RunResult] = []
    with _private_log(Path(settings.data_folder)) as log:
        os.environ.update(headless_environment(log.parent))
        with printed_to(log):
            scheduler = _scheduler()
            scheduler.prepare()
            if until_caught_up and not scheduler.has_condition(pipeline):
                raise ConfigurationError("This pipeline has no condition that could end its runs", where=pipeline)
        while not results or (until_caught_up and not results[-1].had_nothing_to_do()):
            with printed_to(log):
                result: RunResult = scheduler.execute(pipeline, variables)
            if failure := result.failure():
                raise failure
            results.append(result)
            report(result)
    return results


@contextmanager
def _private_log(parent: Path) -> Iterator[Path]:
    """Yield the log in a new folder, which is removed afterwards unless an error may need it.

    Every run has a folder and a history of its own, so that any number may run at once, beside a server too.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="headless-", dir=parent))
    try:
        yield folder / "mage.log"
    except Exception:
        console.say(f"Mage's log: {folder / 'mage.log'}")
        raise
    except BaseException:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def _scheduler() -> ModuleType:
    try:
        from mage_project import workers  # noqa: PLC0415 - Mage reads its environment when it is imported

        workers.do_without()
        from mage_project import scheduler  # noqa: PLC0415 - and takes its queue
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"This environment lacks {error.name}",
            where="Mage's environment",
            remedy="`make setup` makes it; then use mage_project/.venv/bin/python.",
        ) from error
    return scheduler
