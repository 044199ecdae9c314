"""Kafka's jars: resolved by jgo from Maven Central once, checked against `kafka_jars.sha256`, kept in the cache.

`python -m stack.kafka_jars` resolves them anew and writes that file, for a new version.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contracts.errors import BadInputError, UnreachableError
from stack.cache import once

KAFKA_VERSION = "4.1.0"
# slf4j-simple gives the broker a voice: without it the log that an error points to would be empty.
COORDINATES = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
CHECKSUMS = Path(__file__).with_name("kafka_jars.sha256")


def fetch_jars(cache: Path, say: Callable[[str], object] = lambda _: None) -> Path:
    """Return the folder of Kafka's jars, downloading them when the cache has none, of which `say` hears.

    Raises UnreachableError when Maven Central does not answer; BadInputError when a jar is not the expected one.
    """

    def fetch(jars: Path) -> None:
        say(f"Fetching Kafka {KAFKA_VERSION} from Maven Central: 45 MB, once on this machine …")
        with tempfile.TemporaryDirectory(dir=cache, prefix="kafka-") as repository:
            for jar in resolve(Path(repository), COORDINATES):
                shutil.copyfile(jar, jars / jar.name)
        verify_jars(jars)

    return once(cache / f"kafka-{KAFKA_VERSION}", fetch)


def resolve(repository: Path, coordinates: Iterable[str]) -> list[Path]:
    """Return the jars of Maven coordinates and all that they need, downloaded into a repository folder.

    Raises UnreachableError when Maven Central does not answer.
    """
    # Imported here because it is needed once on a machine.
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    context = MavenContext(repo_cache=repository, remote_repos={"central": MAVEN_CENTRAL_URL})
    try:
        wanted = [context.create_dependency(coordinate) for coordinate in coordinates]
        wanted, needed = context.resolver.resolve(wanted)
        needed = [each for each in needed if each.scope in {"compile", "runtime"}]
        with ThreadPoolExecutor(8) as pool:
            return sorted(pool.map(lambda each: Path(each.artifact.resolve()), (*wanted, *needed)))
    except Exception as error:  # jgo raises whatever its HTTP client or its parser raised.
        raise UnreachableError(
            f"Kafka's jars could not be fetched ({type(error).__name__})",
            where=MAVEN_CENTRAL_URL,
            remedy="They are needed once and then kept. Check the network or the proxy, and try again.",
        ) from error


def verify_jars(jars: Path) -> None:
    """Raise BadInputError unless the folder holds exactly the jars of `kafka_jars.sha256`."""
    lines = CHECKSUMS.read_text(encoding="utf-8").splitlines()
    expected = {name: digest for digest, name in (line.split() for line in lines)}
    found = _checksums(jars.glob("*.jar"))
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise BadInputError(
            f"{len(wrong)} of Kafka's jars are not the expected ones, the first is {wrong[0]}",
            where=str(CHECKSUMS),
            remedy="Something between here and Maven Central changed them, or the mirror is incomplete.",
        )


def _checksums(jars: Iterable[Path]) -> dict[str, str]:
    return {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in jars}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        resolved = _checksums(resolve(Path(temporary), COORDINATES))
    CHECKSUMS.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(resolved.items())), encoding="utf-8")
