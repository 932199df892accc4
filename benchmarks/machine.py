"""What the figures were measured on: they mean nothing without it, and little with another one's."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from time import perf_counter
from typing import Any

_PACKAGES = ("onrecord", "fastapi", "starlette", "uvicorn", "uvloop", "httptools", "pydantic", "eventsourcing")
_FSYNCS = 200


def describe_machine(folder: Path) -> dict[str, Any]:  # Any: JSON
    """Return the machine as results hold it; `folder` is on the disk that ledgers are written to."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version(name) for name in _PACKAGES},
        "fsync_us": round(_fsync_us(folder)),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _fsync_us(folder: Path) -> float:
    """Return the median of how long 4 KiB take to be safe on disk: what each durable commit waits for at least."""
    took = []
    with TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(_FSYNCS):
            file.write(bytes(4096))
            before = perf_counter()
            os.fsync(file.fileno())
            took.append(perf_counter() - before)
    return median(took) * 1e6
