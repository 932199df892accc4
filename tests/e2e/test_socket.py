"""Over a real socket: a client that sends everything before it reads one answer."""

import asyncio
import json
import socket

import httpx
import uvicorn

from api.app import create_app
from tests.api.fakes import SMALLEST, World

LINES = 200_000


async def serve_and(app, play):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            return await play(f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            await serving


async def post(url):
    body = (json.dumps(SMALLEST).encode() + b"\n") * LINES
    headers = {"Authorization": "Bearer editor", "Content-Type": "application/x-ndjson"}
    async with httpx.AsyncClient(timeout=170, trust_env=False) as client:
        return await client.post(f"{url}/v1/events", content=body, headers=headers)


def test_200_000_lines_in_one_request_are_answered():
    response = asyncio.run(serve_and(create_app(World().ports()), post))
    lines = response.content.splitlines()
    assert len(lines) == LINES + 1
    assert json.loads(lines[LINES - 1])["line"] == LINES
    assert json.loads(lines[-1]) == {"end": {"position": LINES, "count": LINES, "refused": 0}}
