"""Fills a service's ledger by NDJSON over HTTP, posts single events, and waits for its read models."""

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from time import perf_counter

from benchmarks.load import LoadFailedError
from benchmarks.servers import Server

_TIMEOUT_S = 600
_PATIENCE_S = 3600
_BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many lines were recorded, up to which position, and when the last answer came."""

    count: int
    position: int
    ended: float


def write_lines(path: Path, lines: Iterable[bytes]) -> Path:
    """Write events as NDJSON, and return the path."""
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
    return path


def import_file(server: Server, path: Path) -> Imported:
    """Post a file of NDJSON in one request. Raises LoadFailedError unless every line is recorded."""
    with closing(_connect(server)) as connection, path.open("rb") as file:
        headers = {**_auth(server), "Content-Type": "application/x-ndjson", "Content-Length": str(path.stat().st_size)}
        connection.request("POST", "/v1/events", file, headers)
        last = _last_line(connection.getresponse())
        ended = perf_counter()
    end = json.loads(last).get("end")
    if end is None or end["refused"]:
        raise LoadFailedError(f"the import ended with {last.decode()}")
    return Imported(count=end["count"], position=end["position"], ended=ended)


def fill(server: Server, path: Path, lines: Iterable[bytes]) -> None:
    """Import lines by a file that is gone again afterwards, and wait until the read models have them."""
    imported = import_file(server, write_lines(path, lines))
    path.unlink()
    wait_until_covered(server, imported.position)


def post_event(server: Server, body: bytes) -> int:
    """Post one event and return its position. Raises LoadFailedError unless it is recorded."""
    with closing(_connect(server)) as connection:
        connection.request("POST", "/v1/events", body, {**_auth(server), "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    if answer.status != 201:
        raise LoadFailedError(f"a single post was answered {answer.status}: {text.decode()[:300]}")
    return int(json.loads(text)["position"])


def get(server: Server, path: str) -> tuple[HTTPResponse, bytes]:
    """Return the answer to a GET with the server's key, and its body."""
    with closing(_connect(server)) as connection:
        connection.request("GET", path, headers=_auth(server))
        answer = connection.getresponse()
        return answer, answer.read()


def wait_until_covered(server: Server, position: int) -> float:
    """Wait until the read models cover a position, and return when they did, by `perf_counter`."""
    patience = perf_counter() + _PATIENCE_S
    while perf_counter() < patience:
        answer, _ = get(server, f"/v1/claims?limit=1&min_position={position}")
        if answer.status == 200:
            return perf_counter()
    raise LoadFailedError(f"the read models did not come to position {position}")


def _connect(server: Server) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", server.port, timeout=_TIMEOUT_S, blocksize=_BLOCK_BYTES)


def _auth(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.key}"}


def _last_line(answer: HTTPResponse) -> bytes:
    """Return the last line of a body that is read in pieces: counting all would take time from the service."""
    tail = b""
    while piece := answer.read1(_BLOCK_BYTES):
        tail = (tail + piece)[-2000:]
    return tail.splitlines()[-1]
