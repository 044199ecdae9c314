"""Errors as types, and the exit code that each ends a command with.

TriplineError
├── PoisonError      this input can never succeed; set it aside and go on
├── TransientError   may succeed when tried again; back off, keep the position
└── FatalError       cannot succeed until a person acts; stop, keep the position
    ├── ConfigurationError
    ├── UnreachableError
    ├── BadInputError
    ├── UnconfirmedDeliveryError
    ├── BudgetExceededError
    ├── NotReconciledError
    ├── BusyError
    ├── PartDiedError
    ├── LostOffsetsError
    └── UnhealthyError
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of every Tripline command; documented in docs/errors.md."""

    OK = 0
    BUG = 1
    USAGE = 2
    CONFIGURATION = 3
    UNREACHABLE = 4
    BAD_INPUT = 5
    UNCONFIRMED = 6
    BUDGET_EXCEEDED = 7
    NOT_RECONCILED = 8
    BUSY = 9
    PART_DIED = 10
    TRANSIENT = 11
    POISON = 12
    FATAL = 13
    LOST_OFFSETS = 14
    UNHEALTHY = 15


class TriplineError(Exception):
    """What happened, where (topic, partition, offset, file, line, job id, address), and what to do about it."""

    exit_code: ClassVar[ExitCode] = ExitCode.FATAL

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        """The whole error in one line."""
        line = f"{self.what} [{self.where}]" if self.where else self.what
        return f"{line}. {self.remedy}" if self.remedy else line


class PoisonError(TriplineError):
    """An input that can never succeed."""

    exit_code = ExitCode.POISON


class TransientError(TriplineError):
    """A failure that may pass when the same step is tried again."""

    exit_code = ExitCode.TRANSIENT


class FatalError(TriplineError):
    """A failure that stays until a person acts."""


class ConfigurationError(FatalError):
    """A setting is missing, unknown or wrong."""

    exit_code = ExitCode.CONFIGURATION


class UnreachableError(FatalError):
    """A service did not answer at its address."""

    exit_code = ExitCode.UNREACHABLE


class BadInputError(FatalError):
    """A file given by the user cannot be used; names file, line and column."""

    exit_code = ExitCode.BAD_INPUT


class UnconfirmedDeliveryError(FatalError):
    """Not every event was acknowledged by the broker."""

    exit_code = ExitCode.UNCONFIRMED


class BudgetExceededError(FatalError):
    """More dead letters than the budget allows."""

    exit_code = ExitCode.BUDGET_EXCEEDED


class NotReconciledError(FatalError):
    """Source and target differ."""

    exit_code = ExitCode.NOT_RECONCILED


class BusyError(FatalError):
    """Another run holds the lock of this step."""

    exit_code = ExitCode.BUSY


class PartDiedError(FatalError):
    """A part of the native stack ended by itself."""

    exit_code = ExitCode.PART_DIED


class LostOffsetsError(FatalError):
    """The topic no longer has what the lake has not read yet: retention removed it, or the topic was made anew."""

    exit_code = ExitCode.LOST_OFFSETS


class UnhealthyError(FatalError):
    """A check of data quality is red."""

    exit_code = ExitCode.UNHEALTHY
