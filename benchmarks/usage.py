"""What processes have used so far, by the kernel's own count."""

import os
from pathlib import Path

from benchmarks import measured

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of one process, all its threads; of an ended one too, until it is waited for."""
    return sum(_times(pid)[:2]) / TICKS_A_SECOND


def family_cpu_seconds(pid: int, *, without: int) -> float:
    """Return the CPU seconds of a process and its children, the ended ones among them, but for one child."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    living = sum(cpu_seconds(int(child)) for child in children if int(child) != without)
    return sum(_times(pid)) / TICKS_A_SECOND + living


def peak_mebibytes(pid: int) -> float:
    """Return the most memory that a process ever had resident, MiB; 0 when it has ended."""
    try:
        return measured.peak_mebibytes(str(pid))
    except (OSError, RuntimeError):
        return 0


def _times(pid: int) -> list[int]:
    """Return user and system time of a process, and of its children that it has waited for, in ticks."""
    try:
        # The name before the bracket may hold anything; the times are fields 14 to 17.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return [0, 0, 0, 0]
    return [int(field) for field in fields[11:15]]
