"""What became of a run of a pipeline."""

from typing import Any, NamedTuple

from contracts.errors import FatalError, TriplineError

# Mage's names for a run or block that ended well, and for a block that a condition skipped.
COMPLETED = "completed"
SKIPPED = "condition_failed"


class BlockResult(NamedTuple):
    """What became of a block: Mage's status, seconds, and what the block returned."""

    block: str
    status: str
    seconds: float
    output: dict[str, Any]


class RunResult(NamedTuple):
    """What became of a run: Mage's status, seconds, its blocks in order, and the error that ended it."""

    pipeline: str
    status: str
    seconds: float
    blocks: list[BlockResult]
    error: Exception | None

    def had_nothing_to_do(self) -> bool:
        """Whether a condition skipped a block."""
        return any(block.status == SKIPPED for block in self.blocks)

    def failure(self) -> TriplineError | None:
        """Return the error that the run ended with: the block's own when it is a TriplineError, else FatalError."""
        if self.status == COMPLETED:
            return None
        if isinstance(self.error, TriplineError):
            return self.error
        failed = ", ".join(block.block for block in self.blocks if block.status == "failed") or "none"
        # Only the kind: the text of a foreign error may quote data. Mage's log has all of it.
        what = f"The run {self.status}: {type(self.error).__name__ if self.error else 'no block says why'}"
        failure = FatalError(what, where=f"{self.pipeline}, block {failed}", remedy="Mage's log has the traceback.")
        failure.__cause__ = self.error
        return failure

    def document(self) -> dict[str, Any]:
        """Return the run for JSON."""
        return {
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "blocks": {b.block: {"status": b.status, "seconds": b.seconds, "output": b.output} for b in self.blocks},
        }

    def news(self) -> list[dict[str, Any]]:
        """Return for each block what it knows more than those before it; blocks hand their figures on."""
        known: dict[str, Any] = {}
        news = []
        for block in self.blocks:
            news.append({name: value for name, value in block.output.items() if known.get(name) != value})
            known |= block.output
        return news
