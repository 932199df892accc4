"""A client that sends for ever, or hardly at all, is given up; one that sends slowly to an end is not."""

import asyncio

import pytest

from service.admission import Admission
from service.connections import ServiceProtocol
from tests.service.test_admission import Counted, serve_and_connect

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
SLOW = {
    "nothing": [b""],
    "a head": [b"POST / HTTP/1.1\r\n", b"X-A: b\r\n"],
    "an empty line": [b"\r\n", b"\r\n"],
    "a body": [HEAD + b"\r\n", b"1\r\na\r\n"],
    "the next head": [b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET", b" /a"],
    "trailers": [HEAD + b"\r\n0\r\n", b"X-A: b\r\n"],
}
ENDLESS = {
    "a trailer": [HEAD + b"\r\n0\r\nX-A: ", b"a" * 10_000],
    "trailers": [HEAD + b"\r\n1\r\na\r\n0\r\n", b"X-A: b\r\n" * 1000],
    "what says more of a chunk": [HEAD + b"\r\n1;", b"a=b;" * 3000],
    "what says more of each chunk": [HEAD + b"\r\n", b"1;" + b"a" * 90 + b"\r\na\r\n"],
    "a line before any head": [b"\r\n" * 1000, b"\r\n" * 1000],
}


class Impatient(ServiceProtocol):
    patience_s = 0.01


def given_up(pieces: list[bytes], protocol: type[ServiceProtocol], pieces_at_once: int = 1) -> bool:
    """Send the first piece, and the last for ever, until the service closes; return whether it gave no answer."""

    async def send() -> bool:
        admission = Admission(asyncio.get_running_loop().time, Counted())
        reader, writer, server = await serve_and_connect(admission, protocol)
        writer.write(pieces[0])
        reading = asyncio.create_task(reader.read())
        while not reading.done():
            writer.write(pieces[-1] * pieces_at_once)
            await asyncio.wait([reading], timeout=0.001)
        writer.close()
        server.close()
        return reading.exception() is not None or b"200 OK" not in reading.result()

    return asyncio.run(asyncio.wait_for(send(), 20))


@pytest.mark.parametrize("pieces", [each for name, each in SLOW.items() if name != "the next head"])
def test_who_trickles_is_given_up(pieces):
    assert given_up(pieces, Impatient)


def test_who_trickles_after_an_answer_is_given_up():
    assert not given_up(SLOW["the next head"], Impatient)  # closed all the same, after its answer


@pytest.mark.parametrize("pieces", ENDLESS.values(), ids=ENDLESS)
def test_who_sends_without_end_what_is_no_body_is_given_up(pieces):
    assert given_up(pieces, ServiceProtocol, pieces_at_once=100)


async def _import(pieces: int) -> bytes:
    admission = Admission(asyncio.get_running_loop().time, Counted())
    reader, writer, server = await serve_and_connect(admission, Impatient)
    writer.write(HEAD + b"Content-Type: application/x-ndjson\r\n\r\n")
    answered = asyncio.create_task(reader.readuntil(b"hi"))
    for _ in range(pieces):
        writer.write(b"2\r\n{}\r\n")
        await asyncio.wait([answered], timeout=Impatient.patience_s)
    writer.write(b"0\r\n\r\n")
    answer = await answered
    writer.close()
    server.close()
    return answer


def test_an_import_may_take_as_long_as_it_likes():
    assert asyncio.run(_import(pieces=10)).startswith(b"HTTP/1.1 200")
