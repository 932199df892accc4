"""How much memory a process has, as Linux tells it."""

import re
from pathlib import Path

from benchmarks.load import LoadFailedError


def memory_mb(pid: int) -> float:
    """Return what a process has in memory now, in MB. Raises LoadFailedError where the system does not tell."""
    return _read_mb(pid, "VmRSS")


def peak_memory_mb(pid: int) -> float:
    """Return the most that a process has had in memory, in MB. Raises LoadFailedError as `memory_mb` does."""
    return _read_mb(pid, "VmHWM")


def _read_mb(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status")
    found = re.search(rf"{name}:\s+(\d+) kB", status.read_text(encoding="utf-8")) if status.exists() else None
    if found is None:
        raise LoadFailedError("this system does not tell how much memory a process has")
    return int(found[1]) / 1024
