"""What is written arrives whole and in order, and the head of an answer in one piece with its body."""

import asyncio

import pytest

from service.connections import JoiningTransport


class Written:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_closed = False

    def write(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def close(self) -> None:
        self.is_closed = True


HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "arrive"),
    [
        ([HEAD, b"body"], [HEAD + b"body"]),
        ([HEAD, b""], [HEAD]),
        ([HEAD], [HEAD]),
        ([HEAD, b"one", b"two"], [HEAD + b"one", b"two"]),
        ([HEAD, b"one", HEAD, b"two"], [HEAD + b"one", HEAD + b"two"]),
    ],
)
def test_a_head_is_sent_with_what_follows_it(pieces, arrive):
    written = Written()

    async def write() -> None:
        transport = JoiningTransport(written, asyncio.get_running_loop())  # type: ignore[arg-type]  # has what is used
        for piece in pieces:
            transport.write(piece)
        await asyncio.sleep(0)

    asyncio.run(write())
    assert written.pieces == arrive


def test_a_head_that_waits_is_sent_before_the_connection_is_closed():
    written = Written()

    async def close() -> None:
        transport = JoiningTransport(written, asyncio.get_running_loop())  # type: ignore[arg-type]  # as above
        transport.write(HEAD)
        transport.close()
        assert (written.pieces, written.is_closed) == ([HEAD], True)

    asyncio.run(close())
