"""What every request gets, whatever the route: an id, headers, and to be counted; and HEAD as a GET without a body."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from secrets import token_hex

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.ports import Ports

Find = Callable[[Scope], ASGIApp | None]

_HEADER = b"x-request-id"
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
_request_id: ContextVar[str] = ContextVar("request_id", default="")

# What a proxy in front may have set: short, and harmless in logs.
_HARMLESS = re.compile(rb"[A-Za-z0-9._-]{8,64}")


def current_request_id() -> str:
    """Return the id of the request that this task serves, empty where it serves none."""
    return _request_id.get()


def route_of(scope: Scope) -> str:
    """Return the template of the address, or `none`: unlike the address it holds nothing that a client made up."""
    # Of a HEAD the router has seen a copy of the scope.
    route = scope.get("inner", scope).get("route")
    return "none" if route is None else str(route.path)


class Entrance:
    """Gives every request an id and the ports, every answer its stamps, and counts them."""

    def __init__(self, app: ASGIApp, ports: Ports, find: Find | None = None) -> None:
        """Serve an application, or what `find` returns for a request."""
        self._app = app
        self._ports = ports
        self._find = find
        # Unlike random ids, these cost nothing; the prefix tells one process from another.
        self._prefix = token_hex(4)
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = self._choose(scope)
        scope["ports"] = self._ports
        _request_id.set(request_id.decode())

        async def send_stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (_HEADER, request_id), _NO_SNIFFING]
                method = scope["method"]
                observe = self._ports.metrics.observe_request
                observe(method if method in _METHODS else "other", route_of(scope), message["status"])
            await send(message)

        app = self._find(scope) if self._find else None
        await (app or self._app)(scope, receive, send_stamped)

    def _choose(self, scope: Scope) -> bytes:
        for name, value in scope["headers"]:
            if name == _HEADER and _HARMLESS.fullmatch(value):
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

        inner = scope["inner"] = {**scope, "method": "GET", "is_head": True}
        await self._app(inner, receive, send_head)
