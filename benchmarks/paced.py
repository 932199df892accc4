"""The load driver that keeps a rate: requests set out when they are due, whether or not others are answered.

Run as `python -m benchmarks.paced REQUESTS PORT CONNECTIONS SECONDS RATE`; prints one line of JSON. A request takes a
connection that is idle, or a new one, or waits where all are taken; its latency counts from when it was due.
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
        self._due = 0.0
        self._says_when = False
        self._is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has its methods, but is none

    def send(self, request: bytes, due: float) -> None:
        """Send a request."""
        self._due, self._says_when = due, False
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, _value: bytes) -> None:
        """Note whether the server says when to come again."""
        self._says_when |= name.lower() == b"retry-after"

    def on_message_complete(self) -> None:
        """Count the answer, and be idle."""
        self._pace.tally.count(self._parser.get_status_code(), perf_counter() - self._due, says_when=self._says_when)
        self._is_over = not self._parser.should_keep_alive()
        self._pace.finished(None if self._is_over else self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Note it: the server closes what is idle for long, and breaks off nothing that is under way."""
        self._pace.lost(self, is_over=self._is_over)

    def close(self) -> None:
        """Close it, whatever is under way."""
        self._is_over = True
        self._transport.abort()


class Pace:
    """Sends requests at a rate over as many connections as it takes, up to a limit."""

    def __init__(self, requests: Requests, port: int, connections: int) -> None:
        self.tally = Tally()
        self._requests = requests
        self._port = port
        self._limit = connections
        self._opened = self.most = 0
        self._under_way = 0
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._late: deque[float] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._is_over = False
        self._all_answered = asyncio.Event()

    async def run(self, rate: float, seconds: float) -> float:
        """Send for so many seconds, wait for the last answers, and return how long the sending took."""
        start = perf_counter()
        sent = 0
        while (elapsed := perf_counter() - start) < seconds:
            while sent < rate * elapsed:
                self._send(start + sent / rate)
                sent += 1
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

    @property
    def unsent(self) -> int:
        """How many requests were due and found no connection."""
        return len(self._late)

    def finished(self, connection: Connection | None) -> None:
        """Note that an answer is there; its connection, if it goes on, takes what waits."""
        self._under_way -= 1
        if self._is_over and not self._under_way:
            self._all_answered.set()
        if connection is None:
            return
        if self._late and not self._is_over:
            self._start(connection, self._late.popleft())
        else:
            self._idle.append(connection)

    def lost(self, connection: Connection, *, is_over: bool) -> None:
        """Note that a connection is gone."""
        self._opened -= 1
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        elif not is_over:
            self.tally.failures += 1
            self.finished(None)

    def _send(self, due: float) -> None:
        if self._idle:
            self._start(self._idle.pop(), due)
        elif self._opened < self._limit:
            self._opened += 1
            self.most = max(self.most, self._opened)
            self._under_way += 1
            task = asyncio.ensure_future(self._open(due))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        else:
            self._late.append(due)

    async def _open(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._port)
        except OSError:
            self._opened -= 1
            self.tally.failures += 1
            self.finished(None)
            return
        self._all.add(connection)
        connection.send(self._requests.next(), due)

    def _start(self, connection: Connection, due: float) -> None:
        self._under_way += 1
        connection.send(self._requests.next(), due)


async def drive(pace: Pace, rate: float, seconds: float) -> dict[str, float]:
    """Return how many answers of each kind came, and how long they took."""
    took = await pace.run(rate, seconds)
    tally = pace.tally
    accepted, refused = tally.sorted_of(201), tally.sorted_of(503)
    others = sum(len(latencies) for status, latencies in tally.latencies_s.items() if status not in (201, 503))
    return {
        "answers": len(accepted),
        "refused": len(refused),
        "failures": tally.failures + others + tally.without_retry_after,
        "unsent": pace.unsent,
        "connections": pace.most,
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
