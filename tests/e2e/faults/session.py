"""A short session with a service in a process of its own, to which faults happen, and a look at what is left.

Run as a program under the shim: each line of its input is an order, for which it forks; each line of its output tells
how that ended. What clients were answered stands in a file that no fault befalls.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from pydantic import SecretStr

from projections.log.verify.notes import parse_key
from service.archive.backup import backup
from service.archive.errors import ArchiveError
from service.archive.restore import read_manifest, restore
from service.audit.findings import Findings
from service.audit.http_source import HttpSource
from service.audit.verifying import verify_ledger
from service.bootstrap import Service
from service.cli import CAN_NOT
from service.logs import configure_logging
from service.settings import Settings
from service.store.sqlite import prepare_ledger
from service.store.sqlite_whole import open_empty, open_snapshot

ADMIN = "an-admin-key-of-thirty-two-characters"
HIDDEN = "<what-nobody-may-say>"
ERASED, ERASURE = 3, 100
PATIENCE_S = 60
Tell = Callable[..., None]


def event(number: int) -> dict[str, Any]:
    text = HIDDEN if number == ERASED else f"What is said in {number}."
    data = {"claim": {"text": text}, "speaker": {"name": f"Desk {number}"}}
    return {"type": "ClaimReported", "event_id": str(UUID(int=number)), "claim_id": f"claim-{number}", "data": data}


def erasure() -> dict[str, Any]:
    data = {"target_event_id": str(UUID(int=ERASED)), "reason": "because", "reason_kind": "legal"}
    return {
        "type": "EventErased",
        "event_id": str(UUID(int=ERASURE)),
        "claim_id": f"claim-{ERASED}",
        "data": data,
    }


class Running:
    """A service on a folder, and a client of it without a socket."""

    def __init__(self, root: Path) -> None:
        self.root = root
        settings = Settings(data_dir=root / "data", bootstrap_admin_key=SecretStr(ADMIN), origin="ledger.example")
        self.service = Service(settings, public_reads=True)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.service.app, raise_app_exceptions=False),
            base_url="http://ledger.example",
            headers={"Authorization": f"Bearer {ADMIN}"},
            timeout=None,
        )

    async def post(self, body: Any, tell: Tell, wait: str | None = None) -> httpx.Response | None:
        """Post, and tell what was answered; None where nothing was in time."""
        asked = [each["event_id"] for each in (body if isinstance(body, list) else [body])]
        answer = None
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                answer = await self.client.post("/v1/events", json=body, params={"wait": wait} if wait else {})
        told = answer.json() if answer is not None else {}
        tell(asked=asked, status=answer.status_code if answer is not None else None, answer=told)
        return answer


async def live(root: Path, tell: Tell) -> None:
    """Start, append, publish, back up, erase, and stop."""
    running = Running(root)
    await running.service.start()
    await running.post(event(1), tell)
    await running.post([event(2), event(3), event(4)], tell, wait="projected")
    await running.post(event(5), tell, wait="published")
    tell(backup=await asyncio.to_thread(_back_up, root))
    await running.post(event(6), tell)
    await running.post(erasure(), tell)
    await running.post(event(7), tell)
    read = await running.client.get("/v1/events")
    tell(read=read.status_code, reasons=list(running.service.reasons_not_ready()))
    await running.service.stop()


def _back_up(root: Path) -> bool:
    try:
        backup(partial(open_snapshot, root / "data" / "ledger.db"), root / "archive", 0, lambda *_: None)
    except CAN_NOT:
        return False
    return True


async def examine(root: Path, tell: Tell) -> None:
    """Start without faults, post all again, verify, and tell what is there."""
    running = Running(root)
    await running.service.start()
    for number in range(1, 8):
        await running.post(event(number), tell)
    await running.post(erasure(), tell)
    await running.post(event(8), tell, wait="published")
    tell(reasons=list(running.service.reasons_not_ready()), records=await _records(running))
    tell(verified=await _verify(running))
    await running.service.stop()
    tell(hidden=[path.name for path in (root / "data").iterdir() if HIDDEN.encode() in path.read_bytes()])
    tell(archive=_restore(root))


async def _records(running: Running) -> list[dict[str, Any]]:
    answer = await running.client.get("/v1/events", headers={"Accept": "application/x-ndjson"})
    return [json.loads(line) for line in answer.text.splitlines()]


async def _verify(running: Running) -> list[str]:
    key = (await running.client.get("/log/key")).text.strip()
    found: list[str] = []
    loop = asyncio.get_running_loop()

    def verify() -> None:
        with httpx.Client(transport=_Bridge(running.client, loop), base_url="http://ledger.example") as client:
            source = HttpSource(client, "desk", lambda _: None)
            verify_ledger(source, parse_key(key), None, Findings(lambda each: found.append(str(each))), _unseen)

    await asyncio.to_thread(verify)
    return found


def _unseen(_: str) -> AbstractContextManager[Callable[[int, int | None], None]]:
    return nullcontext(lambda *_: None)


class _Bridge(httpx.BaseTransport):
    """Hands requests of a thread to the loop."""

    def __init__(self, client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._loop = client, loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = self._client.request(request.method, request.url, headers=dict(request.headers))
        answer = asyncio.run_coroutine_threadsafe(asked, self._loop).result(PATIENCE_S)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def _restore(root: Path) -> str:
    """Tell whether the archive is whole: one with a manifest has to be."""
    if not (root / "archive" / "manifest.json").exists():
        return "none"
    manifest = read_manifest(root / "archive")
    restore(partial(open_empty, prepare_ledger(root / "restored")), root / "archive", manifest, lambda *_: None)
    return "whole"


def _obey(order: dict[str, Any]) -> None:
    answers = os.open(order["answers"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def tell(**told: Any) -> None:
        os.write(answers, json.dumps(told).encode() + b"\n")

    root = Path(order["root"])
    shim = ctypes.CDLL(None)
    shim.arm(os.fsencode(f"{root}/"), order["kind"], ctypes.c_long(order["at"]), order["seed"])
    try:
        asyncio.run({"live": live, "examine": examine}[order["do"]](root, tell))
    except (*CAN_NOT, ArchiveError) as error:
        tell(refused=f"{type(error).__name__}: {error}")
    except Exception:  # noqa: BLE001  # told to who looks for it
        tell(failed=traceback.format_exc())
    tell(calls=shim.disarm())


def main() -> None:
    """Fork for each order: to start an interpreter would take far longer than the session."""
    configure_logging("json", "error")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.alarm(PATIENCE_S)
            _obey(json.loads(line))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
