"""Posts beyond what is answered in time are turned away at once, and let in again by themselves."""

import asyncio
import json
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from service.admission import Admission, Admitted
from service.connections import ServiceProtocol

FIRST, LEAST = 256, 64


class Counted:
    """Counts who was turned away."""

    def __init__(self) -> None:
        self.turned_away_events = 0
        self.answers: list[tuple[str, str, int]] = []

    def turned_away(self, events: int) -> None:
        self.turned_away_events += events

    def observe_request(self, method: str, route: str, status: int) -> None:
        self.answers.append((method, route, status))


class Door:
    """An admission on a clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.counted = Counted()
        self.admission = Admission(lambda: self.now_s, self.counted, bytes.decode)

    def crowd(self, posts: int, key: bytes = b"crowd") -> list[dict[str, Any]]:
        """Return those of so many posts with a key that are let in."""
        scopes: list[dict[str, Any]] = [{"headers": [(b"authorization", key)]} for _ in range(posts)]
        return [scope for scope in scopes if self.admission.enter(scope, is_counted=True)]

    def answer(self, scopes: list[dict[str, Any]], after_s: float) -> None:
        self.now_s += after_s
        for scope in scopes:
            self.admission.leave(scope)


def test_no_more_are_let_in_than_any_machine_can_take_at_first():
    door = Door()
    assert len(door.crowd(2000)) == FIRST
    assert door.counted.turned_away_events == 2000 - FIRST


def test_who_leaves_makes_room():
    door = Door()
    under_way = door.crowd(FIRST)
    door.answer(under_way[:10], after_s=0.01)
    assert len(door.crowd(100)) >= 10


def test_posts_that_take_too_long_lower_the_limit_once_for_all_that_were_under_way():
    door = Door()
    door.answer(door.crowd(FIRST), after_s=0.5)
    assert FIRST // 2 <= len(door.crowd(2000)) <= FIRST // 2 + FIRST // 4


def test_some_are_let_in_however_slow_it_is():
    door = Door()
    for _ in range(20):
        door.answer(door.crowd(2000), after_s=30)
        door.now_s += 1
    assert len(door.crowd(2000)) == LEAST


def test_a_slow_post_that_is_alone_lowers_nothing():
    door = Door()
    door.answer(door.crowd(1), after_s=30)
    assert len(door.crowd(2000)) == FIRST


def test_it_recovers_by_itself():
    door = Door()
    for _ in range(5):
        door.answer(door.crowd(2000), after_s=30)
        door.now_s += 1
    for _ in range(2 * FIRST):
        door.answer(door.crowd(1), after_s=0.01)
    assert len(door.crowd(2000)) == FIRST


def test_one_who_posts_without_end_keeps_nobody_out_who_posts_one_at_a_time():
    door = Door()
    under_way = door.crowd(1000)
    for _ in range(1000):
        one = door.crowd(1, b"other")
        assert len(one) == 1
        door.answer(one, after_s=0.01)
        door.answer(under_way[:1], after_s=0)
        under_way = [*under_way[1:], *door.crowd(10)]
        assert len(under_way) <= FIRST + 1000
    assert door.counted.turned_away_events > 0


def test_two_who_post_without_end_come_to_share_equally():
    door = Door()
    first, second = door.crowd(1000), []
    for _ in range(20):
        second += door.crowd(1000, b"other")
        door.answer([*first[:30], *second[:30]], after_s=0.01)
        first, second = [*first[30:], *door.crowd(1000)], second[30:]
    assert 0.5 < len(second) / len(first) < 2


def test_many_keys_get_no_more_between_them_than_twice_what_one_would():
    door = Door()
    entered = sum(len(door.crowd(5, b"%d" % number)) for number in range(1000))
    assert entered == 2 * FIRST


def test_who_waits_for_read_models_takes_no_place():
    door = Door()
    assert all(door.admission.enter({"headers": []}, is_counted=False) for _ in range(2000))
    assert len(door.crowd(2000)) == FIRST


def test_a_post_whose_handling_fails_makes_room_too():
    door = Door()
    under_way = door.crowd(FIRST)

    async def fail(_scope: Any, _receive: Any, _send: Any) -> None:
        raise ConnectionError("the client has gone")

    with pytest.raises(ConnectionError):
        asyncio.run(Admitted(fail, door.admission)(under_way[0], None, None))
    assert len(door.crowd(1)) == 1


BODY = b'{"type":"ClaimReported"}'


def _post(*headers: bytes, method: bytes = b"POST") -> bytes:
    lines = [method + b" /v1/events HTTP/1.1", b"Host: x", b"Content-Length: %d" % len(BODY), *headers]
    return b"\r\n".join([*lines, b"", b""]) + BODY


async def _exchange(admission: Admission, *requests: bytes) -> tuple[list[tuple[int, dict[str, str], bytes]], bool]:
    """Send requests on one connection, and return the answers and whether the server has closed it."""
    reader, writer, server = await serve_and_connect(admission)
    answers = []
    for request in requests:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        answers.append((int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))))
    is_closed = "close" in answers[-1][1].get("connection", "") and await reader.read() == b""
    writer.close()
    server.close()
    return answers, is_closed


async def serve_and_connect(
    admission: Admission, kind: type[ServiceProtocol] = ServiceProtocol
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, asyncio.Server]:
    """Serve an application that says hello, behind the service's protocol."""

    async def hello(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"hi"})

    config = uvicorn.Config(Admitted(hello, admission), lifespan="off", log_config=None)
    config.load()
    state = ServerState()

    def protocol() -> ServiceProtocol:
        return kind(admission, config=config, server_state=state, app_state={})

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    return reader, writer, server


def _full() -> Admission:
    door = Door()
    door.crowd(FIRST, b"")
    return door.admission


def test_who_is_turned_away_hears_when_to_come_again_and_may_go_on_on_the_connection():
    ((first, headers, body), (second, _, _), (third, _, hello)), _ = asyncio.run(
        _exchange(_full(), _post(), _post(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    )
    assert (first, second, third, hello) == (503, 503, 200, b"hi")
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["retry-after"]) >= 1
    assert headers["x-request-id"]
    assert json.loads(body)["type"] == "/problems/unavailable"


@pytest.mark.parametrize("header", [b"Expect: 100-continue", b"Connection: close"])
def test_the_connection_ends_where_the_body_may_not_come(header):
    ((status, _, _),), is_closed = asyncio.run(_exchange(_full(), _post(header)))
    assert (status, is_closed) == (503, True)


def test_who_posts_with_another_key_is_let_in_at_the_same_moment():
    ((crowd, _, _), (other, _, _), (again, _, _)), _ = asyncio.run(
        _exchange(_full(), _post(), _post(b"Authorization: other"), _post(b"Authorization: other"))
    )
    assert (crowd, other, again) == (503, 200, 200)


def test_an_import_waits_by_itself_and_is_let_in():
    ((status, _, _),), _ = asyncio.run(_exchange(_full(), _post(b"Content-Type: application/x-ndjson")))
    assert status == 200


def test_a_post_is_let_in_while_there_is_room():
    ((status, _, _), (again, _, _)), _ = asyncio.run(_exchange(Door().admission, _post(), _post()))
    assert (status, again) == (200, 200)
