"""What is erased through one node leaves the memory of all within five seconds, and none shows it any longer."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from service.bootstrap import Service
from service.settings import Settings
from service.signing import create_signing_key
from tests.proxy import Proxy
from tests.reachable import texts_in
from tests.service.desk import PATIENCE_S
from tests.service.posting import event_id

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

ADMIN = "an-admin-key-of-thirty-two-characters"


def secret() -> str:
    return f"what nobody may {str.lower('SAY')}"  # nowhere else in memory


class Node:
    """A service in this process, and a client of it that needs no socket."""

    def __init__(self, service: Service) -> None:
        self.service = service
        transport = httpx.ASGITransport(service.app)
        headers = {"Authorization": f"Bearer {ADMIN}"}
        self.staff = httpx.AsyncClient(transport=transport, base_url="http://node", headers=headers)
        self.public = httpx.AsyncClient(transport=transport, base_url="http://node")

    async def post(self, number: int, text: str, kind: str = "ClaimReported") -> int:
        data = {"claim": {"text": text}, "speaker": {"name": text}}
        event = {"type": kind, "event_id": event_id(number), "claim_id": "some-claim", "data": data}
        return await self._record(event)

    async def erase(self, number: int) -> int:
        data = {"target_event_id": event_id(number), "reason": "because", "reason_kind": "legal"}
        return await self._record({"type": "EventErased", "claim_id": "some-claim", "data": data})

    async def _record(self, event: dict[str, Any]) -> int:
        answer = await self.staff.post("/v1/events", json=event, params={"wait": "projected"})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["position"])

    async def claim(self, position: int = 0) -> str:
        answer = await self.public.get("/v1/claims/some-claim", params={"min_position": position})
        return answer.text

    async def known(self) -> str:
        """Return the claim where it is answered at once, nothing where the database has to be asked."""
        await asyncio.sleep(0)  # as in `forgotten`
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                return await self.claim()
        return ""

    def remembers(self) -> bool:
        """Tell whether the secret can be reached from the service, or from what its threads are at."""
        frames = sys._current_frames().values()  # noqa: SLF001  # what a thread waits with in hands
        held = [frame.f_locals for frame in frames if frame.f_code.co_name == "_take"]
        app = self.service.app  # its routes take longest to look through, and remember nothing
        return secret() in texts_in([self.service, app.state.live, held], apart=app)


async def forgotten(node: Node) -> None:
    """Wait until a node remembers the secret no more."""
    async with asyncio.timeout(PATIENCE_S):
        while node.remembers():
            await asyncio.sleep(0)  # an answer that is known keeps the loop from hearing of news
            await node.claim()
            await asyncio.sleep(0)  # an answer that is at hand lets nobody else run


@asynccontextmanager
async def node_on(url: str, folder: Path) -> AsyncIterator[Node]:
    settings = Settings(
        data_dir=folder,
        database_url=SecretStr(url),
        bootstrap_admin_key=SecretStr(ADMIN),
        origin="ledger.example",
        signing_key_file=folder.parent / "key.pem",
    )
    service = Service(settings, public_reads=True)
    await service.start()
    try:
        yield Node(service)
    finally:
        await service.stop()


@pytest.fixture
async def nodes(postgres_url: str, tmp_path: Path) -> AsyncIterator[list[Node]]:
    create_signing_key(tmp_path / "key.pem")
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(node_on(postgres_url, tmp_path / name)) for name in ("one", "other")]


async def test_every_node_forgets_what_was_erased_through_another(nodes):
    one, other = nodes
    last = max([await node.post(number, secret()) for number, node in enumerate((one, other, other), start=1)])
    assert [secret() in await node.claim(last) for node in nodes] == [True, True]
    assert [node.remembers() for node in nodes] == [True, True]
    last = max([await one.erase(number) for number in (1, 2, 3)])
    for node in nodes:
        await forgotten(node)
        assert secret() not in await node.claim()
        assert secret() not in await node.claim(last)


async def test_a_node_that_can_not_ask_shows_nothing_that_it_knew(postgres_url, tmp_path):
    create_signing_key(tmp_path / "key.pem")
    with Proxy(postgres_url) as proxy:
        async with node_on(postgres_url, tmp_path / "one") as one, node_on(proxy.url, tmp_path / "cut") as cut:
            last = await one.post(1, secret())
            assert secret() in await cut.claim(last)
            assert secret() in await cut.claim()  # kept from here on
            with proxy.held():
                await one.erase(1)
                async with asyncio.timeout(PATIENCE_S):
                    while secret() in await cut.known():
                        pass
