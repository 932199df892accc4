"""Clients that break the rules of HTTP itself: they get nothing, and others do not notice."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.service_process import ServiceProcess

PATIENCE_S = 20
EVENT = json.dumps(
    {"type": "ClaimReported", "claim_id": "one", "data": {"claim": {"text": "Said so."}, "speaker": {"name": "A"}}}
).encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServiceProcess, str]]:
    with ServiceProcess(tmp_path_factory.mktemp("sockets") / "data") as service:
        yield service, service.create_key("desk", "editor")


def connect(service: ServiceProcess) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def head_of(key: str, *headers: str, method: str = "POST", path: str = "/v1/events") -> bytes:
    fixed = (f"{method} {path} HTTP/1.1", "Host: ledger.example", f"Authorization: Bearer {key}")
    return "\r\n".join((*fixed, "Content-Type: application/json", *headers, "", "")).encode("latin-1")


def statuses(service: ServiceProcess, sent: bytes) -> list[int]:
    """Send bytes, then no more, and return the status of each answer until the service closes."""
    with connect(service) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: client.recv(65_536), b""))
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


def count_events(service: ServiceProcess) -> int:
    with service.client() as client:
        return int(client.get("/v1/summary").json()["events"])


SMUGGLED = head_of("nobody", "Content-Length: 0", path="/v1/smuggled")
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(EVENT), EVENT)
LIES = {
    "both lengths": (("Content-Length: 4", "Transfer-Encoding: chunked"), b"0\r\n\r\n" + SMUGGLED),
    "both, the other way round": (("Transfer-Encoding: chunked", "Content-Length: 400"), CHUNKED + SMUGGLED),
    "two lengths": (("Content-Length: 5", f"Content-Length: {len(EVENT)}"), EVENT),
    "a list of lengths": ((f"Content-Length: {len(EVENT)}, 5",), EVENT),
    "a signed length": ((f"Content-Length: +{len(EVENT)}",), EVENT),
    "a negative length": (("Content-Length: -1",), EVENT),
    "a length in hexadecimal": (("Content-Length: 0x10",), EVENT),
    "an endless length": (("Content-Length: " + "9" * 40,), EVENT),
    "an unknown coding": (("Transfer-Encoding: xchunked",), CHUNKED),
    "chunked twice": (("Transfer-Encoding: chunked, chunked",), CHUNKED),
    "chunked, but not last": (("Transfer-Encoding: chunked, identity",), CHUNKED),
    "chunked, hidden by a space": (("Transfer-Encoding : chunked",), CHUNKED),
    "a header on two lines": (("X-Folded: a\r\n b: c", "Content-Length : 4"), EVENT),
    "a NUL in a header": (("X-Nul: a\0b", "Content-Length: 0"), b""),
    "a bare line feed": (("X-Feed: a\nTransfer-Encoding: chunked", f"Content-Length: {len(EVENT)}"), CHUNKED),
    "a chunk that is longer than it says": (("Transfer-Encoding: chunked",), b"5\r\n" + EVENT + b"\r\n0\r\n\r\n"),
    "a chunk without a size": (("Transfer-Encoding: chunked",), b"\r\n" + EVENT + b"\r\n0\r\n\r\n"),
    "a chunk of a negative size": (("Transfer-Encoding: chunked",), b"-5\r\n" + EVENT + b"\r\n0\r\n\r\n"),
    "a chunk of an endless size": (("Transfer-Encoding: chunked",), b"f" * 40 + b"\r\n" + EVENT),
    "a body that ends too early": ((f"Content-Length: {len(EVENT) + 1}",), EVENT),
    "chunks that never end": (("Transfer-Encoding: chunked",), b"%x\r\n%b\r\n" % (len(EVENT), EVENT)),
}


@pytest.mark.parametrize(("headers", "body"), LIES.values(), ids=LIES)
def test_a_request_that_lies_about_its_length_records_nothing(running, headers, body):
    service, key = running
    before = count_events(service)
    answered = statuses(service, head_of(key, *headers) + body)
    assert all(status in (400, 404, 413) for status in answered), answered
    assert len(answered) <= 1, "a second request was read out of the first"
    assert count_events(service) == before


@pytest.mark.parametrize("endless", [b"X-Long: ", b"X-Many: a\r\n", b"GET /", b"\r\n"])
def test_the_head_of_a_request_has_an_end(running, endless):
    service, key = running
    begun = endless if endless in (b"GET /", b"\r\n") else head_of(key, method="GET")[:-2] + endless
    with connect(service) as client:
        client.sendall(begun)
        more = (endless if endless.endswith(b"\n") else b"a") * 10_000
        with pytest.raises(ConnectionError):
            send_until_refused(client, more)


def send_until_refused(client: socket.socket, piece: bytes) -> None:
    for _ in range(1_000):
        client.sendall(piece)


def test_a_long_head_is_read_all_the_same(running):
    service, _ = running
    with service.client() as client:
        assert client.get("/healthz", headers={"X-Long": "a" * 30_000}).status_code == 200


def test_what_is_no_http_is_refused_and_hangs_nothing_up(running):
    service, _ = running
    for sent in (
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0" * 1000,
        b"\r\n" * 1000,
    ):
        assert all(400 <= status < 500 for status in statuses(service, sent))
    assert count_events(service) >= 0


def test_clients_that_never_finish_do_not_hold_up_others(running):
    service, key = running
    with ExitStack() as slow:
        beginnings = (b"", b"GET /v1/ev", head_of(key)[:-2], head_of(key, "Content-Length: 1000") + EVENT[:5])
        for number in range(200):
            slow.enter_context(connect(service)).sendall(beginnings[number % len(beginnings)])
        with service.client(key) as client:
            receipt = client.post(
                "/v1/events?wait=projected", content=EVENT, headers={"Content-Type": "application/json"}
            )
            assert receipt.status_code == 201
            assert client.get("/v1/claims/one").status_code == 200
