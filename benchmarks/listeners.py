"""L1: what a thousand who listen cost the ledger, in memory and in what is left to append with."""

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from benchmarks import stories
from benchmarks.ledgers import fill, get
from benchmarks.load import Load, LoadFailedError
from benchmarks.memory import memory_mb
from benchmarks.plan import CONNECTIONS, Bench
from benchmarks.requests import write_requests
from benchmarks.rows import Row
from benchmarks.servers import ONRECORD, Server, environment_of, running_service

ROW_IDS = ("L1", "L1-memory")
LISTENERS = 1_000
_BODIES = 2_000
_CLAIMS = 1_000
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def measure_listeners(bench: Bench) -> Sequence[Row]:
    """Return what an append takes of the processor with listeners beside it without, and the memory of the listeners.

    What is appended meanwhile is confidential, and those who listen read as the staff: they have nothing to hear.
    Processor time, not the rate: the machine's other work is not ours.
    """
    what = f"{LISTENERS:,} listeners with nothing to hear"
    time = Row(
        row_id="L1",
        what=f"processor time an append, {what}",
        unit="µs",
        against="no listeners",
        reach=1.05,
        is_lower_better=True,
    )
    memory = Row(row_id="L1-memory", what=f"memory of {what}", unit="MB", reach=50, is_lower_better=True)
    for index in range(bench.plan.rounds):
        with TemporaryDirectory(dir=bench.folder) as name, running_service(Path(name) / "data") as service:
            _begin(bench, service, Path(name))
            _measure(bench, service, Path(name), (time, memory))
        us, alone_us = time.rounds[-1]
        bench.tell(f"L1 round {index + 1}: {us:,.0f} µs, alone {alone_us:,.0f} µs, {memory.rounds[-1].value:,.1f} MB")
    return [row for row in (time, memory) if bench.wants(row.row_id)]


def _measure(bench: Bench, service: Server, folder: Path, rows: tuple[Row, Row]) -> None:
    """Add a round: without listeners on both sides of the turn with them."""
    time, memory = rows
    key = _listener_key(folder / "data")
    before_us = _append_us(bench, service, folder)
    before_mb = memory_mb(service.pid)
    with _listening(service, key):
        memory.add(memory_mb(service.pid) - before_mb)
        listened_us = _append_us(bench, service, folder)
    time.add(listened_us, (before_us + _append_us(bench, service, folder)) / 2)


def _begin(bench: Bench, service: Server, folder: Path) -> None:
    fill(service, folder / "begun.ndjson", stories.ledger(bench.plan.seed, _CLAIMS))
    confidential = b'"classification":"confidential"'
    bodies = (
        body.replace(b'"classification":"public"', confidential)
        for body in stories.posts(bench.plan.seed, _BODIES, range(_CLAIMS))
    )
    write_requests(folder / "posts", (service.request("POST", "/v1/events", body) for body in bodies))
    bench.driver.warm_up(_load(service, folder, bench.plan.warm_up_s))


def _load(service: Server, folder: Path, seconds: int) -> Load:
    return Load(port=service.port, requests=folder / "posts", connections=CONNECTIONS, seconds=seconds, status=201)


def _append_us(bench: Bench, service: Server, folder: Path) -> float:
    """Return the processor time of the service for each append, in microseconds."""
    before_s = _processor_s(service)
    measured = bench.driver.run(_load(service, folder, bench.plan.load_s))
    return (_processor_s(service) - before_s) / measured.answers * 1e6


def _listener_key(folder: Path) -> str:
    command = [str(ONRECORD), "keys", "create", "--name", "listener", "--role", "reporter"]
    made = subprocess.run(command, env=environment_of(folder), capture_output=True, text=True, check=True)
    return made.stdout.strip()


@contextmanager
def _listening(service: Server, key: str) -> Iterator[None]:
    """Open streams that begin at the end of the ledger, and wait until each is connected."""
    answer, _ = get(service, "/v1/summary")
    asked = Server(port=service.port, pid=service.pid, key=key).request(
        "GET", "/v1/events", Accept="text/event-stream", Last_Event_ID=answer.headers["Onrecord-Position"]
    )
    with ExitStack() as stack:
        opened = []
        for _ in range(LISTENERS):
            stream = stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=60))
            stream.sendall(asked)
            opened.append(stream)
        for stream in opened:
            if not stream.recv(4096).startswith(b"HTTP/1.1 200"):
                raise LoadFailedError("a stream was refused")
        yield
    until_s = monotonic() + 30
    while _connections(service) > LISTENERS // 2 and monotonic() < until_s:
        sleep(0.1)


def _connections(service: Server) -> int:
    return len(list(Path(f"/proc/{service.pid}/fd").iterdir()))


def _processor_s(service: Server) -> float:
    numbers = Path(f"/proc/{service.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / _TICKS_A_SECOND
