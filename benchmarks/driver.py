"""The load driver in Python: each connection sends its next request when it has the answer to the last.

Run as `python -m benchmarks.driver REQUESTS PORT CONNECTIONS SECONDS STATUS`; prints one line of JSON. It imports
nothing of the service's, so that it starts at once and stays small.
"""

import asyncio
import gc
import json
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from random import getrandbits
from time import perf_counter
from typing import cast

import httptools
import uvloop

from benchmarks.requests import read_requests


class Requests:
    """The requests of a file, one after another and again; each has a fresh id where there is a place for one."""

    def __init__(self, path: Path) -> None:
        self._parts = cycle(read_requests(path))

    def next(self) -> bytes:
        """Return the next request."""
        before, place, after = next(self._parts)
        return before + _fresh_id() + after if place else before


class Tally:
    """What has been answered so far."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.latencies_s: list[float] = []
        self.failures = 0
        self.is_over = False

    def count(self, status: int, latency_s: float) -> None:
        """Count an answer, unless time was up before it came."""
        if self.is_over:
            return
        if status == self.status:
            self.latencies_s.append(latency_s)
        else:
            self.failures += 1


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, next_request: Callable[[], bytes], tally: Tally) -> None:
        self._next_request = next_request
        self._tally = tally
        self._parser = httptools.HttpResponseParser(self)
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has its methods, but is none
        self._send()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Count the answer, and send the next request."""
        self._tally.count(self._parser.get_status_code(), perf_counter() - self._sent)
        if not self._tally.is_over:
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        """Count what the server has broken off."""
        self._tally.failures += not self._tally.is_over

    def close(self) -> None:
        """Close it, whatever is under way."""
        self._transport.abort()

    def _send(self) -> None:
        self._sent = perf_counter()
        self._transport.write(self._next_request())


async def drive(requests: Requests, port: int, connections: int, seconds: float, status: int) -> dict[str, float]:
    """Return how many answers of the wanted status came in how many seconds, and how long they took."""
    loop, tally = asyncio.get_running_loop(), Tally(status)
    start = perf_counter()
    opened = [
        (await loop.create_connection(lambda: Connection(requests.next, tally), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    tally.is_over = True
    took = perf_counter() - start
    for connection in opened:
        connection.close()
    latencies = sorted(tally.latencies_s)
    return {
        "answers": len(latencies),
        "failures": tally.failures,
        "seconds": took,
        "p50_us": quantile_us(latencies, 0.5),
        "p99_us": quantile_us(latencies, 0.99),
    }


def main(arguments: list[str]) -> None:
    """Drive, and print what came of it."""
    path, *numbers = arguments
    port, connections, seconds, status = map(int, numbers)
    requests = Requests(Path(path))
    gc.collect()
    gc.freeze()
    found = uvloop.run(drive(requests, port, connections, seconds, status))
    sys.stdout.write(json.dumps(found) + "\n")


def _fresh_id() -> bytes:
    digits = b"%032x" % getrandbits(128)
    return b"%b-%b-4%b-8%b-%b" % (digits[:8], digits[8:12], digits[13:16], digits[17:20], digits[20:])


def quantile_us(latencies_s: list[float], share: float) -> float:
    """Return the latency that so large a share of a sorted list does not exceed, in microseconds."""
    return latencies_s[int(share * len(latencies_s))] * 1e6 if latencies_s else 0.0


if __name__ == "__main__":
    main(sys.argv[1:])
