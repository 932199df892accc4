"""A client without a socket: it calls the application directly."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from api.app import create_app
from tests.api.fakes import World


class Client:
    """Sends requests to an application made of fakes."""

    def __init__(self, world: World) -> None:
        self.world = world

    def set_options(self, **changes: Any) -> None:
        self.world.options = replace(self.world.options, **changes)

    def request(
        self, method: str, url: str, *, key: str | None = None, host: str = "192.0.2.1", **given: Any
    ) -> httpx.Response:
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **given.pop("headers", {})}
        app = create_app(self.world.ports())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(host, 4711))

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://ledger.example") as client:
                return await client.request(method, url, headers=headers, **given)

        return asyncio.run(send())

    def get(self, url: str, **given: Any) -> httpx.Response:
        return self.request("GET", url, **given)

    def post(self, url: str = "/v1/events", *, key: str | None = "editor", **given: Any) -> httpx.Response:
        return self.request("POST", url, key=key, **given)

    def post_lines(self, body: Any, url: str = "/v1/events", **given: Any) -> httpx.Response:
        headers = {"Content-Type": "application/x-ndjson", **given.pop("headers", {})}
        return self.post(url, content=body, headers=headers, **given)


async def in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Client:
    return Client(world)
