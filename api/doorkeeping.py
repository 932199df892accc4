"""Whether those who listen still may: a key is looked up once for all who listen with it, not by each of them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from api.auth import require_reader
from api.errors import UnauthorizedError
from api.ports import UnavailableError
from api.requests import ApiRequest


class Doorkeeper:
    """Ends the streams of a key that is no longer good, or that can not be looked up."""

    def __init__(self, look_s: float) -> None:
        """Look at each key so often."""
        self._look_s = look_s
        self._looks: dict[bytes, _Look] = {}

    @contextmanager
    def let_in(self, request: ApiRequest, sending: asyncio.Task[None]) -> Iterator[None]:
        """Cancel the task that sends a stream as soon as who asked for it may read no more."""
        shown = request.header(b"authorization")
        look = self._looks.get(shown)
        if look is None or look.is_over:
            look = self._looks[shown] = _Look(request, self._look_s)
        look.streams.add(sending)
        try:
            yield
        finally:
            look.streams.remove(sending)
            if not look.streams:
                look.end()
                if self._looks.get(shown) is look:
                    del self._looks[shown]


class _Look:
    """Who listens with one key, and the task that looks whether it is good; a new one begins where it is over."""

    def __init__(self, request: ApiRequest, look_s: float) -> None:
        self.streams: set[asyncio.Task[None]] = set()
        self.is_over = False
        self._looking = asyncio.create_task(self._go_on(request, look_s))

    def end(self) -> None:
        self.is_over = True
        self._looking.cancel()

    async def _go_on(self, request: ApiRequest, look_s: float) -> None:
        try:
            with suppress(UnauthorizedError, UnavailableError):
                while True:
                    await asyncio.sleep(look_s)
                    await require_reader(request)
        finally:
            # Whatever ended the look: what nobody looks after does not go on.
            self.is_over = True
            for sending in self.streams:
                sending.cancel()
