"""What every answer carries, whatever the route: a request id, nosniff; and HEAD as a GET without a body."""

import re
from itertools import count
from secrets import token_hex

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = b"x-request-id"

# What a proxy in front may have set: short, and harmless in logs.
_HARMLESS = re.compile(rb"[A-Za-z0-9._-]{8,64}")


def stamps(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer; the request id is the proxy's, where it is a harmless one."""
    return [(REQUEST_ID, scope["request_id"]), (b"x-content-type-options", b"nosniff")]


class RequestIds:
    """Gives every request an id, and every answer its stamps."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # Unlike random ids, these cost nothing; the prefix tells one process from another.
        self._prefix = token_hex(4)
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = self._choose(scope)

        async def send_stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *stamps(scope)]
            await send(message)

        await self._app(scope, receive, send_stamped)

    def _choose(self, scope: Scope) -> bytes:
        for name, value in scope["headers"]:
            if name == REQUEST_ID and _HARMLESS.fullmatch(value):
                return bytes(value)
        return f"{self._prefix}-{next(self._numbers)}".encode()


class HeadAsGet:
    """Answers HEAD with the headers that GET would have; streams see `is_head` and need not begin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", "is_head": True}, receive, send_head)
