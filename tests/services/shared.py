"""One broker for all workers of pytest-xdist: who needs it first starts it, and stops it when the others have left."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from contracts.settings import KafkaSettings


@contextmanager
def shared_broker(folder: Path, start: Callable[[], AbstractContextManager[KafkaSettings]]) -> Iterator[KafkaSettings]:
    """Give the broker whose address stands in `folder`, which the workers share, or the one that `start` starts there.

    The locks end with the process that holds them: nobody waits for a worker that died.
    """
    folder.mkdir(exist_ok=True)
    address = folder / "address"
    with (folder / "entrance").open("w") as entrance, (folder / "users").open("w") as users:
        fcntl.flock(entrance, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if address.exists():
            fcntl.flock(entrance, fcntl.LOCK_UN)
            yield KafkaSettings(bootstrap_servers=address.read_text())
            return
        with start() as broker:
            address.write_text(broker.bootstrap_servers)
            fcntl.flock(entrance, fcntl.LOCK_UN)
            yield broker
            # Nobody comes in any more, and all others leave.
            fcntl.flock(entrance, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_EX)
            address.unlink()
