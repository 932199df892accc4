"""The whole service on a real ledger, in this process: requests go to it without a socket."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import SecretStr

from domain.commands import Role
from service.bootstrap import Service
from service.keys import KeyStore
from service.rebuilding import rebuild
from service.settings import Settings
from service.storage import read_models
from service.store.databases import LedgerDatabase, PostgresLedger, SqliteLedger

T = TypeVar("T")
ELSEWHERE = "192.0.2.1"
JSON = {"Content-Type": "application/json"}
Until = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, the body as far as it was read."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class InProcess:
    """A running service; leaving it stops it, and it can be started again on what it has stored."""

    def __init__(self, data_dir: Path, *, public_reads: bool = True, url: str | None = None, **settings: Any) -> None:
        """Keep the ledger in a folder, or in the PostgreSQL database at `url`."""
        self._database: LedgerDatabase = SqliteLedger(data_dir) if url is None else PostgresLedger(url)
        self._settings = Settings(
            data_dir=data_dir, database_url=None if url is None else SecretStr(url), _env_file=None, **settings
        )
        self._public_reads = public_reads
        data_dir.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()
        self._runner.close()

    def start(self) -> None:
        self.service = Service(self._settings, public_reads=self._public_reads)
        self.run(self.service.start())

    def stop(self) -> None:
        self.run(self.service.stop())

    def rebuild(self) -> None:
        """Make the read models anew, beside the running service."""
        rebuild(read_models(self._settings), self._database.head, lambda _done, _of: None)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def create_key(self, name: str, role: Role, audience: int | None = None) -> str:
        self._database.prepare()
        return KeyStore(self._database.tables).create(name, role, audience, 0)

    def get(self, path: str, key: str | None = None, **given: Any) -> Answer:
        return self.request("GET", path, key, **given)

    def post(self, event: Any, key: str, path: str = "/v1/events?wait=projected", **headers: str) -> Answer:
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return self.request("POST", path, key, headers={**JSON, **headers}, body=body)

    def request(
        self,
        method: str,
        path: str,
        key: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        until: Until | None = None,
    ) -> Answer:
        """Send one request, and read the answer whole, or `until` as much has come as is waited for."""
        said = {"Host": "ledger.example", **({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        return self.run(_exchange(self.service.app, _scope(method, path, said), body, until))


def _scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    address, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": (ELSEWHERE, 4711),
        "server": ("ledger.example", 80),
    }


async def _exchange(app: Any, scope: dict[str, Any], body: bytes, until: Until | None) -> Answer:
    pending = [{"type": "http.request", "body": body, "more_body": False}]
    start: dict[str, Any] = {}
    parts: list[bytes] = []
    enough = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if pending:
            return pending.pop()
        await enough.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        parts.append(message.get("body", b""))
        if not message.get("more_body") or (until is not None and until(b"".join(parts))):
            enough.set()

    async with asyncio.timeout(30):
        await app(scope, receive, send)
    headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], headers, b"".join(parts))
