"""What is written arrives whole and in order, and the head of an answer in one piece with its body."""

import asyncio

import pytest

from service.connections import JoiningTransport


class Written:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_closed = False
        self.unread: list[int] = []
        self.aborted = asyncio.Event()

    def write(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def close(self) -> None:
        self.is_closed = True

    def get_write_buffer_size(self) -> int:
        return self.unread.pop(0) if self.unread else 0

    def abort(self) -> None:
        self.aborted.set()


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


@pytest.mark.parametrize(("unread", "left"), [([9, 9, 5], [5]), ([9, 7, 7, 5], [5])])
def test_who_reads_nothing_any_more_is_not_waited_for(unread, left):
    written = Written()
    written.unread = unread

    async def close() -> None:
        JoiningTransport(written, asyncio.get_running_loop(), 0.0).close()  # type: ignore[arg-type]  # as above
        await written.aborted.wait()

    asyncio.run(close())
    assert written.unread == left


def test_who_reads_on_gets_all():
    written = Written()
    written.unread = [9, 5, 1]

    async def close() -> None:
        JoiningTransport(written, asyncio.get_running_loop(), 0.0).close()  # type: ignore[arg-type]  # as above
        while written.unread:  # noqa: ASYNC110  # it is looked at three times
            await asyncio.sleep(0)

    asyncio.run(close())
    assert not written.aborted.is_set()
