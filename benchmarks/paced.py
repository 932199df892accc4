"""The load driver that keeps a rate: requests set out when they are due, whether or not others are answered.

Run as `python -m benchmarks.paced REQUESTS PORT CONNECTIONS SECONDS RATE`; prints one line of JSON. The connections are
opened before: each is a client, and a request that is due while all of them wait for answers is not sent, but counted.
"""

import asyncio
import gc
import json
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import cast

import httptools
import uvloop

from benchmarks.driver import Requests, quantile_us

_TICK_S = 0.001
_LAST_ANSWERS_S = 10.0


class Tally:
    """What has been answered so far: how long each status took, and what was not as it has to be."""

    def __init__(self) -> None:
        self.latencies_s: dict[int, list[float]] = {}
        self.failures = 0
        self.without_retry_after = 0

    def count(self, status: int, latency_s: float, *, says_when: bool) -> None:
        """Count an answer."""
        self.latencies_s.setdefault(status, []).append(latency_s)
        self.without_retry_after += status == 503 and not says_when

    def sorted_of(self, status: int) -> list[float]:
        """Return the latencies of a status, least first."""
        return sorted(self.latencies_s.get(status, ()))


class Connection(asyncio.Protocol):
    """One connection, idle or with one request under way."""

    def __init__(self, pace: "Pace") -> None:
        self._pace = pace
        self._parser = httptools.HttpResponseParser(self)
        self._sent = 0.0
        self._says_when = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has its methods, but is none

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._sent, self._says_when = perf_counter(), False
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, _value: bytes) -> None:
        """Note whether the server says when to come again."""
        self._says_when |= name.lower() == b"retry-after"

    def on_message_complete(self) -> None:
        """Count the answer, and be idle."""
        took_s = perf_counter() - self._sent
        self._pace.tally.count(self._parser.get_status_code(), took_s, says_when=self._says_when)
        self._pace.finished(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Note it."""
        self._pace.lost(self)

    def close(self) -> None:
        """Close it, whatever is under way."""
        self._transport.abort()


class Pace:
    """Sends requests at a rate, each over a connection that is idle."""

    def __init__(self, requests: Requests, port: int, connections: int) -> None:
        self.tally = Tally()
        self.unsent = 0
        self._requests = requests
        self._port = port
        self._limit = connections
        self._under_way = 0
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._is_over = False
        self._all_answered = asyncio.Event()

    async def open(self) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(self._limit):
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._port)
            self._all.add(connection)
            self._idle.append(connection)

    async def run(self, rate: float, seconds: float) -> float:
        """Send for so many seconds, wait for the last answers, and return how long the sending took."""
        start = perf_counter()
        due = 0
        while (elapsed := perf_counter() - start) < seconds:
            while due < rate * elapsed:
                self._send()
                due += 1
            await asyncio.sleep(_TICK_S)
        took = perf_counter() - start
        self._is_over = True
        if self._under_way:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_answered.wait(), _LAST_ANSWERS_S)
        self.tally.failures += self._under_way
        for connection in tuple(self._all):
            connection.close()
        return took

    def finished(self, connection: Connection) -> None:
        """Note that an answer is there: the connection is idle."""
        self._under_way -= 1
        self._idle.append(connection)
        if self._is_over and not self._under_way:
            self._all_answered.set()

    def lost(self, connection: Connection) -> None:
        """Note that a connection is gone, whether it was idle for too long or had a request under way."""
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        elif not self._is_over:
            self._under_way -= 1
            self.tally.failures += 1

    def _send(self) -> None:
        if not self._idle:
            self.unsent += 1
            return
        self._under_way += 1
        self._idle.popleft().send(self._requests.next())


async def drive(pace: Pace, rate: float, seconds: float) -> dict[str, float]:
    """Return how many answers of each kind came, and how long they took."""
    await pace.open()
    took = await pace.run(rate, seconds)
    tally = pace.tally
    accepted, refused = tally.sorted_of(201), tally.sorted_of(503)
    others = sum(len(latencies) for status, latencies in tally.latencies_s.items() if status not in (201, 503))
    return {
        "answers": len(accepted),
        "refused": len(refused),
        "failures": tally.failures + others + tally.without_retry_after,
        "unsent": pace.unsent,
        "seconds": took,
        "p50_us": quantile_us(accepted, 0.5),
        "p99_us": quantile_us(accepted, 0.99),
        "refused_p99_us": quantile_us(refused, 0.99),
    }


def main(arguments: list[str]) -> None:
    """Drive, and print what came of it."""
    requests = Requests(Path(arguments[0]))
    port, connections, seconds = map(int, arguments[1:4])
    gc.disable()
    found = uvloop.run(drive(Pace(requests, port, connections), float(arguments[4]), seconds))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
