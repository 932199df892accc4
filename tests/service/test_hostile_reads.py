"""Addresses made to break something: each gets an answer that a client can use, and none is a failure of ours."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from api.queries import ClaimsQuery, SourcesQuery
from tests.service.desk import BOTH
from tests.service.in_process import InProcess

ENGINES = BOTH
CLAIM = {"claim": {"text": '100% of _all_ officers\' \\ "words"'}, "speaker": {"name": "A_B%"}}
TERMS = {
    "NUL": "\0",
    "NUL within": "a\0b",
    "a quote": '"',
    "two quotes": '""',
    "a quote that never ends": '"a',
    "a star": "*",
    "stars": "a* *b",
    "NEAR": "a NEAR b",
    "NEAR with brackets": "NEAR(a b, 2)",
    "a caret": "^a",
    "a column": "text:a",
    "columns": "{text kind} : a",
    "an operator alone": "AND",
    "an operator at the end": "a OR",
    "a negation": "NOT a",
    "a bracket": "(a",
    "SQL": "'; DROP TABLE claims;--",
    "a union": "' UNION SELECT key_sha256 FROM keys--",
    "LIKE, all": "%",
    "LIKE, any letter": "_",
    "a backslash": "\\",
    "tsquery operators": "a & !b | <-> :*",
    "a minus": "-a",
    "an emoji": "\N{GRINNING FACE}",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}abc",
    "a byte order mark": "\N{ZERO WIDTH NO-BREAK SPACE}",
    "combining accents": "e" + "\N{COMBINING ACUTE ACCENT}" * 150,
    "no character": "\uffff",
    "the longest": "a" * 200,
    "words, many": "a " * 99,
    "quotes, many": '"' * 200,
    "brackets, many": "(" * 200,
}
FORGED = {
    "nothing": b"",
    "no dot": b"1",
    "no number": b"1.x",
    "a number that nothing holds": b"1." + b"9" * 30,
    "a position that nothing holds": b"9" * 30 + b".1",
    "a number of another script": "1.\N{ARABIC-INDIC DIGIT ONE}".encode(),
    "a sign": b"-5.3",
    "underscores": b"1.1_0",
    "not UTF-8": b"\xff\xfe.1",
}
MISSING = {
    "NUL": "/v1/claims/\0",
    "NUL in a history": "/v1/claims/a\0/history",
    "an event NUL": "/v1/events/\0",
    "an event's bytes NUL": "/v1/events/\0/bytes",
    "a page NUL": "/claims/\0",
    "a badge NUL": "/claims/\0/badge.svg",
    "the folder above": "/v1/claims/..",
    "a long name": "/v1/claims/" + "a" * 10_000,
    "LIKE": "/v1/claims/%",
    "a file": "/log/tile/../../../etc/passwd",
    "a tile that no tree has": "/log/tile/0/99999999999999999999999",
    "a tile NUL": "/log/tile/entries/\0",
    "a script of ours": "/assets/../render.py",
    "markup": "/problems/<script>",
    "a homoglyph": "/v1/claims/\N{CYRILLIC SMALL LETTER O}ne",
    "other case": "/v1/claims/ONE",
}


@pytest.fixture(scope="module", params=ENGINES)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    if request.param == "sqlite":
        with InProcess(folder / "data") as running:
            yield filled(running)
        return
    with request.getfixturevalue("postgres").fresh() as url, InProcess(folder / "data", url=url) as running:
        yield filled(running)


def filled(service: InProcess) -> InProcess:
    event = {"type": "ClaimReported", "claim_id": "one", "data": CLAIM}
    assert service.post(event, service.create_key("desk", "editor")).status == 201
    return service


@pytest.mark.parametrize("term", TERMS.values(), ids=TERMS)
@pytest.mark.parametrize("name", ["q", "similar_to", "speaker", "outlet", "tag"])
def test_what_is_looked_for_is_words_whatever_it_is(service: InProcess, name: str, term: str):
    for path in ("/v1/claims", "/"):
        answer = service.get(f"{path}?{name}={quote(term)}")
        assert answer.status == (422 if "\0" in term else 200), answer.body
        if path != "/" and name in ("speaker", "outlet", "tag"):
            assert b'"claims":[]' in answer.body or answer.status == 422


@pytest.mark.parametrize("raw", ["%FF", "%ED%A0%80", "%C0%80", "a&q=b", "a&" + "&".join(f"p{n}=" for n in range(40))])
def test_a_query_that_is_no_text_or_says_too_much_is_refused(service: InProcess, raw: str):
    assert service.get(f"/v1/claims?q={raw}").status == 422


@pytest.mark.parametrize("place", FORGED.values(), ids=FORGED)
def test_a_cursor_that_somebody_made_up_is_refused(service: InProcess, place: bytes):
    assert service.get(f"/v1/claims?cursor={seal(place, ClaimsQuery())}").status == 422


@pytest.mark.parametrize("place", [b"", b"x.speaker.a", b"9" * 30 + b".speaker.a", b"1.speaker.a\0b", b"\xff"])
def test_a_made_up_place_among_the_sources_is_refused(service: InProcess, place: bytes):
    assert service.get(f"/v1/sources?cursor={seal(place, SourcesQuery())}").status == 422


@pytest.mark.parametrize("place", ["1", "1.outlet.", "1.nothing.a", "0.speaker.'--"])
def test_a_made_up_place_among_the_sources_shows_nothing_else(service: InProcess, place: str):
    answer = service.get(f"/v1/sources?cursor={seal(place.encode(), SourcesQuery())}")
    assert answer.status == 200
    assert {source["name"] for source in answer.json()["sources"]} <= {"A_B%"}


def seal(place: bytes, which: ClaimsQuery | SourcesQuery) -> str:
    """Return a cursor that looks like one of ours: how it is checked is no secret."""
    asked = which.model_dump_json(exclude={"cursor", "limit", "min_position"}).encode()
    return urlsafe_b64encode(sha256(asked + b"\n" + place).digest()[:12] + place).rstrip(b"=").decode()


@pytest.mark.parametrize("path", MISSING.values(), ids=MISSING)
def test_an_address_of_nothing_is_not_found(service: InProcess, path: str):
    assert service.get(path).status == 404


@pytest.mark.parametrize("last", ["9" * 5000, "9007199254740992", "-1", "1e3", "\xb2", "1,2"])
def test_a_stream_goes_on_after_a_position_only(service: InProcess, last: str):
    answer = service.get("/v1/events", headers={"Accept": "text/event-stream", "Last-Event-ID": last})
    assert answer.status == 422


@pytest.mark.parametrize("accept", ["," * 5000, "text/csv;q=" + "9" * 5000, "text/csv;q=nan", "*/*;" * 3000, "\xff"])
def test_a_wish_that_makes_no_sense_is_answered_all_the_same(service: InProcess, accept: str):
    assert service.get("/v1/claims/one/history", headers={"Accept": accept}).status == 200


@pytest.mark.parametrize("key", ["\xff", "'--", "a" * 10_000, "\t"])
def test_no_key_is_made_of_anything_else(service: InProcess, key: str):
    assert service.get("/v1/claims", key).status == 401
