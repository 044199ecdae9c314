"""What a check finds: the rule, where, and what is wrong."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One broken rule. `rule` is stable: exceptions and tests name it."""

    rule: str
    where: str
    what: str

    def __str__(self) -> str:
        """The finding in one line."""
        return f"{self.rule}: {self.where}: {self.what}"
