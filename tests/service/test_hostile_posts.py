"""Bodies made to break something: refused in words, or stored and shown as what they are: text."""

import json
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.service.in_process import JSON, InProcess

NASTY = {
    "a script": "<script>alert(1)</script>",
    "an image": "<img src=x onerror=alert(1)>",
    "the end of a title": "</title></svg></textarea><script>alert(1)</script>",
    "an attribute": "\" onmouseover='alert(1)' x=\"",
    "an entity": "&lt;script&gt; &amp; &#60;",
    "CDATA": "]]><script>alert(1)</script><![CDATA[",
    "a template": "{{ 7 * 7 }} {% raw %} ${7*7}",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}drow\N{POP DIRECTIONAL FORMATTING}",
    "a homoglyph": "Kyiv P\N{CYRILLIC SMALL LETTER O}st",
    "a byte order mark": "\N{ZERO WIDTH NO-BREAK SPACE}text",
    "control characters": "a\x01\x07\x1b[31mred\x7f",
    "no character": "a\uffff\ufdd0",
    "SQL": "'); DROP TABLE stored_events;--",
    "a formula": '=HYPERLINK("http://evil.example")',
    "lines": "a\r\nSet-Cookie: b=c\r\n\r\nd",
}
UNREADABLE = {
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "deep lists": b"[" * 16_000 + b"]" * 16_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a lone surrogate": rb'{"a": "\ud800"}',
    "a surrogate the wrong way round": rb'{"a": "\udc00\ud800"}',
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a raw NUL": b'{"a": "\x00"}',
    "two values": b"{}{}",
    "a comment": b'{"a": 1 /* one */}',
    "a comma too many": b'{"a": 1,}',
    "nothing": b"",
    "spaces": b"  \n ",
}
SAID = '"data": {"claim": {"text": "Said so."}, "speaker": {"name": "A"%s}}'
REPORT = '{"type": "ClaimReported", "claim_id": "bad", ' + SAID + "%s}"
MALFORMED = {
    "twice": REPORT % ("", ', "type": "ClaimDenied"'),
    "twice, within": REPORT % (', "name": "B"', ""),
    "twice, escaped": REPORT % (', "\\u006eame": "B"', ""),
    "NUL": REPORT % (', "role": "a\\u0000b"', ""),
    "a float": REPORT % (', "count": 1.0', ""),
    "a huge number": REPORT % (', "count": ' + "9" * 4_000, ""),
    "a huge exponent": REPORT % (', "count": 1e400', ""),
    "a number as text": REPORT % (', "count": "1"', ""),
    "true as a number": REPORT % (', "count": true', ""),
    "a prototype": REPORT % (', "__proto__": {"a": 1}', ""),
    "a homoglyph of a name": REPORT % (', "r\N{CYRILLIC SMALL LETTER O}le": "a"', ""),
    "a script's address": REPORT % (', "id": "javascript:alert(1)//"', ', "source": "java\\nscript:x"'),
    "no object": "[1]",
    "a text": '"ClaimReported"',
    "null": "null",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    folder: Path = tmp_path_factory.mktemp("posts")
    with InProcess(folder / "data") as running:
        yield running


@pytest.fixture(scope="module")
def key(service: InProcess) -> str:
    return service.create_key("desk", "editor")


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_json_is_refused_alone_and_as_a_line(service: InProcess, key: str, body: bytes):
    assert service.post(body, key).status == 400
    assert answers_of_lines(service, key, body)[0].get("status") == (400 if body.strip() else None)


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_event_is_refused_alone_and_as_a_line(service: InProcess, key: str, body: str):
    assert service.post(body.encode(), key).status == 422
    assert answers_of_lines(service, key, body.encode())[0]["status"] == 422


def answers_of_lines(service: InProcess, key: str, line: bytes) -> list[dict[str, object]]:
    headers = {"Content-Type": "application/x-ndjson"}
    answer = service.request("POST", "/v1/events", key, headers=headers, body=line + b"\n")
    assert answer.status == 200
    return [json.loads(each) for each in answer.body.splitlines()]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, identity", "x"])
def test_a_body_that_would_have_to_be_unpacked_is_not_read(service: InProcess, key: str, encoding: str):
    for media_type in ("application/json", "application/x-ndjson"):
        headers = {"Content-Type": media_type, "Content-Encoding": encoding}
        assert service.request("POST", "/v1/events", key, headers=headers, body=b"\x1f\x8b" * 100).status == 415


PATTERNS = {
    "claim_id": ("a." * 64 + "!", "claim_id"),
    "occurred_at": ("2024-10-04T12:00:00." + "0" * 20_000 + "x", "occurred_at"),
    "an interval": ("2024/" * 5_000, "occurred_at"),
    "source": ("a:" + "%20/" * 7_000 + "\\", "source"),
    "an address": ("http://" + "a." * 10_000 + "\\", "url"),
    "language": ("ab" + "-abcdefgh" * 3_000 + "!", "language"),
    "event_id": ("0" * 30_000, "event_id"),
}


@pytest.mark.parametrize(("text", "member"), PATTERNS.values(), ids=PATTERNS)
def test_no_pattern_takes_long_over_a_text_that_does_not_match(service: InProcess, key: str, text: str, member: str):
    claim = {"text": "Said so.", **({"language": text} if member == "language" else {})}
    data = {"claim": claim, "speaker": {"name": "A"}, **({"publication": {"url": text}} if member == "url" else {})}
    envelope = {} if member in ("language", "url") else {member: text}
    began_s = time.process_time()
    assert service.post({"type": "ClaimReported", "data": data, **envelope}, key).status == 422
    assert time.process_time() - began_s < 2


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_what_was_said_is_text_wherever_it_is_shown(service: InProcess, key: str, text: str):
    said = {"claim": {"text": text, "tags": [text]}, "speaker": {"name": text}, "publication": {"outlet": text}}
    receipt = service.post({"type": "ClaimReported", "data": {**said, "note": text}}, key).json()
    claim_id = receipt["claim_id"]
    assert service.get(f"/v1/events/{receipt['event_id']}").json()["event"]["data"]["note"] == text
    assert service.get("/feed.json").json()["items"][0]["title"] == text
    for page in (f"/claims/{claim_id}", "/", "/sources"):
        assert_is_text(service.get(page).body.decode(), text)
    badge = service.get(f"/claims/{claim_id}/badge.svg").body
    assert {each.tag.rpartition("}")[2] for each in ET.fromstring(badge).iter()} <= SHAPES
    table = service.get(f"/v1/claims/{claim_id}/history", headers={"Accept": "text/csv"}).body.decode()
    assert ",=" not in table
    assert ',"=' not in table


SHAPES = {"svg", "title", "g", "rect", "text", "path", "circle", "clipPath", "linearGradient", "stop", "defs"}


def assert_is_text(page: str, text: str) -> None:
    found = Markup(page)
    assert any("".join(text.split()) in "".join(part.split()) for part in [*found.texts, "".join(found.texts)])
    assert not found.handlers
    assert all(source.startswith("/assets/") for source in found.scripts)


class Markup(HTMLParser):
    """The texts of a page, the scripts that it loads ("" for one that stands in it), and what it would run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "script":
            self.scripts.append(named.get("src") or "")
        self.handlers += [name for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_nothing_hostile_was_taken_for_an_event(service: InProcess, key: str):
    listed = service.get("/v1/events", key, headers={"Accept": "application/x-ndjson", **JSON}).body.splitlines()
    assert all(json.loads(line)["event"]["claim_id"] != "bad" for line in listed)
