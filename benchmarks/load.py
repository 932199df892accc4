"""Puts load on a server from a separate process: `wrk` where it is installed, else a driver in Python."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

Found = dict[str, Any]  # Any: JSON

_FOLDER = Path(__file__).resolve().parent


class LoadFailedError(Exception):
    """An answer was not what it has to be: the figure would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of a server: the requests of a file over and over, as fast as it answers."""

    port: int
    requests: Path
    connections: int
    seconds: int
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PacedLoad:
    """A load that keeps a rate of requests a second, over as many connections as that takes, up to the load's."""

    load: Load
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of it. `ended` is when this process heard of the end, by `perf_counter`."""

    answers: int
    seconds: float
    p50_us: float
    p99_us: float
    ended: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    @property
    def span(self) -> tuple[float, float]:
        """From when to when, by `perf_counter`."""
        return self.ended - self.seconds, self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A load driver: its name, and how it is started."""

    name: str
    wrk: str | None

    def run(self, load: Load) -> Measured:
        """Put the load on and return what came of it. Raises LoadFailedError for any wrong answer."""
        return _measure(_wrk(self.wrk, load) if self.wrk else _python(load))

    def run_together(self, loads: Sequence[Load]) -> Measured:
        """Put several loads on at once, each from a process of its own, and return what came of all."""
        with ThreadPoolExecutor(len(loads)) as pool:
            parts = list(pool.map(self.run, loads))
        return Measured(
            answers=sum(part.answers for part in parts),
            seconds=max(part.seconds for part in parts),
            p50_us=median(part.p50_us for part in parts),
            p99_us=max(part.p99_us for part in parts),
            ended=max(part.ended for part in parts),
        )

    def warm_up(self, load: Load) -> None:
        """Put the load on by the driver that knows every status: wrk tells errors only, not 200 from 201 or 304."""
        _measure(_python(load))


def find_driver(wanted: str) -> Driver:
    """Return the driver that is wanted: wrk, python, or auto for wrk where it is installed."""
    path = None if wanted == "python" else shutil.which("wrk")
    if path is None and wanted == "wrk":
        raise SystemExit("wrk is not installed: apt-get install wrk, or leave the choice to auto")
    return Driver(name="wrk with wrk.lua, one thread" if path else "driver.py on uvloop and httptools", wrk=path)


@contextmanager
def running_paced(paced: PacedLoad) -> Iterator[Callable[[], Found]]:
    """Put a load on while this lasts, and yield what returns the driver's figures after it.

    Raises LoadFailedError for any answer but 201, or 503 that says when to come again.
    """
    load = paced.load
    numbers = (load.port, load.connections, load.seconds, paced.rate)
    command = [sys.executable, "-m", "benchmarks.paced", str(load.requests), *map(str, numbers)]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_result, command)
        yield lambda: running.result()[0]
        found, _ = running.result()
    if not found or found["failures"]:
        raise LoadFailedError(f"the driver at {paced.rate:,.0f}/s found {found or 'nothing'}")


def _wrk(wrk: str | None, load: Load) -> Sequence[str]:
    options = ["--threads", "1", "--connections", str(load.connections), "--duration", f"{load.seconds}s"]
    script = ["--timeout", "30s", "--script", str(_FOLDER / "wrk.lua"), f"http://127.0.0.1:{load.port}"]
    return [str(wrk), *options, *script, "--", str(load.requests)]


def _python(load: Load) -> Sequence[str]:
    numbers = (load.port, load.connections, load.seconds, load.status)
    return [sys.executable, "-m", "benchmarks.driver", str(load.requests), *map(str, numbers)]


def _measure(command: Sequence[str]) -> Measured:
    found, ended = _result(command)
    if not found:
        raise LoadFailedError("the load driver ended without a result")
    if found["failures"] or not found["answers"]:
        raise LoadFailedError(f"{found['failures']} wrong answers beside {found['answers']} right ones")
    return Measured(
        answers=found["answers"],
        seconds=found["seconds"],
        p50_us=found["p50_us"],
        p99_us=found["p99_us"],
        ended=ended,
    )


def _result(command: Sequence[str]) -> tuple[Found, float]:
    """Return what the driver says in its line of JSON, and when it said so."""
    found: Found = {}
    ended = perf_counter()
    with subprocess.Popen(command, cwd=_FOLDER.parent, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith(b"{"):
                found, ended = json.loads(line), perf_counter()
    return found, ended
