"""A TCP connection that can be cut: between a client and a server, whatever they say to each other."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes on both ways, until it is told to cut. Leaving it cuts everything."""

    def __init__(self, url: str) -> None:
        """Stand before the server that a URL names."""
        self._to = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = self._to._replace(netloc=f"{self._to.username}@127.0.0.1:{port}").geturl()
        self._pairs: list[_Pair] = []
        self._lock = threading.Lock()
        self._passes = threading.Event()
        self._passes.set()
        self.swallow: Callable[[bytes], bool] = lambda _: False
        """Asked about what a client says: when true, it is passed on, and the answer to it is lost."""
        self.breaks: Callable[[bytes], str] = lambda _: ""
        """Asked as well: told `before`, the connection is cut instead; told `during`, as soon as it is passed on."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut every connection that there is; new ones may be made."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.cut()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Pass on nothing that a client says for as long as this lasts, as where a network drops all packets."""
        self._passes.clear()
        try:
            yield
        finally:
            self._passes.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection((self._to.hostname or "", self._to.port or 5432))
                except OSError:
                    client.close()
                    continue
                pair = _Pair(client, server)
                with self._lock:
                    self._pairs.append(pair)
                threading.Thread(target=self._ask, args=(pair,), daemon=True).start()
                threading.Thread(target=_answer, args=(pair,), daemon=True).start()

    def _ask(self, pair: "_Pair") -> None:
        with suppress(OSError):
            while said := pair.client.recv(65536):
                self._passes.wait()
                broken = self.breaks(said)
                if broken == "before":
                    break
                pair.is_mute = pair.is_mute or self.swallow(said)
                pair.server.sendall(said)
                if broken:
                    break
        pair.cut()


class _Pair:
    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server, self.is_mute = client, server, False

    def cut(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _answer(pair: _Pair) -> None:
    with suppress(OSError):
        # An answer that is lost: the server has done what it was asked, and nobody hears of it.
        while (said := pair.server.recv(65536)) and not pair.is_mute:
            pair.client.sendall(said)
    pair.cut()
