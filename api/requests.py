"""A request as the routes see it: raw headers, and the ports."""

from typing import Any

from starlette.requests import Request

from api.ports import Ports


class ApiRequest(Request):
    """A request that knows the ports, and looks headers up without decoding all of them."""

    @property
    def ports(self) -> Ports:
        """What the application was made with."""
        ports: Ports = self.scope["ports"]
        return ports

    def header(self, name: bytes) -> bytes:
        """Return the value of a header by its lower-case name, empty where it is missing."""
        headers: Any = self.scope["headers"]  # Any: pairs of bytes, by the ASGI specification
        for candidate, value in headers:
            if candidate == name:
                return bytes(value)
        return b""
