"""A service as an auditor meets it, with simple, obvious code: answers from a folder that `Published` has written."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Answer = tuple[int, bytes]


class FakeService:
    """Its folder may change while it runs; what is `broken` is answered first, once each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.broken: dict[str, list[Answer]] = {}

    def answer(self, target: str) -> Answer:
        """Return status and body."""
        parts = urlsplit(target)
        path, query = unquote(parts.path), dict(parse_qsl(parts.query))
        self.asked.append(target)
        if self.broken.get(path):
            return self.broken[path].pop(0)
        if path.startswith("/log/"):
            return self._file(path.removeprefix("/log/"))
        return self._read(path.split("/")[2:], query)

    def records(self) -> list[bytes]:
        return [line for file in sorted(self.folder.glob("events/*")) for line in file.read_bytes().splitlines(True)]

    def items(self) -> list[Any]:
        (file,) = self.folder.glob("claims-*.ndjson")
        return [json.loads(line) for line in file.read_bytes().splitlines()]

    def _file(self, path: str) -> Answer:
        file = self.folder / path
        return (200, file.read_bytes()) if file.is_file() else (404, b"{}")

    def _read(self, path: list[str], query: dict[str, str]) -> Answer:
        found: list[bytes] | None = None
        match path:
            case ["events"]:
                return 200, b"".join(r for r in self.records() if json.loads(r)["position"] > int(query["after"]))
            case ["claims"]:
                return 200, self._page(int(query.get("cursor", 0)))
            case ["claims", claim_id, "history"]:
                return 200, b"".join(_in_history(r) for r in self.records() if _said(r)["claim_id"] == claim_id)
            case ["events", event_id]:
                found = [r.rstrip() for r in self.records() if _said(r)["event_id"] == event_id]
            case ["claims", claim_id]:
                found = [json.dumps(item).encode() for item in self.items() if item["claim_id"] == claim_id]
            case ["events", event_id, "proof"]:
                return self._file(f"proofs/{event_id}")
        return (200, found[0]) if found else (404, b'{"detail":"there is nothing"}')

    def _page(self, start: int) -> bytes:
        following = str(start + 2) if start + 2 < len(self.items()) else None
        return json.dumps({"claims": self.items()[start : start + 2], "next": following}).encode()


@contextmanager
def serving(fake: FakeService) -> Iterator[str]:
    """Yield the address of the service, as long as it runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            status, body = fake.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _said(record: bytes) -> Any:
    read = json.loads(record)
    return read["event"] or read["erased"]


def _in_history(record: bytes) -> bytes:
    return record.rstrip()[:-1] + b',"effective":null,"corrected_by":[]}\n'
