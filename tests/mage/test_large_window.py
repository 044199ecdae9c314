"""In Mage's environment too, a process beside the block's judges the events of a large window."""

import subprocess
from pathlib import Path

from contracts.schema import EXAMPLES
from contracts.settings import child_environment
from tests.support.commands import MAGE_PYTHON, ROOT

ASK = f"""
from pathlib import Path
from warehouse.judges import JudgeApart
with JudgeApart() as judge:
    judge.ask([b" ".join(path.read_bytes().split()) for path in Path({str(EXAMPLES)!r}).rglob("*.json")])
    print(len(judge.answer().violations))
"""


def test_the_judge_starts_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [MAGE_PYTHON, "-c", ASK],
        cwd=tmp_path,
        env={**child_environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout.strip() == str(len(list((EXAMPLES / "invalid").rglob("*.json")))), done.stderr
