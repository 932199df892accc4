"""What is not readable as JSON, and what would be lost in reading it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import MalformedError, NotReadableError
from domain.posting import read_posted, read_posted_array
from tests.domain.random_events import stored_events
from tests.domain.saying import CLAIM_ID, body, corrected, reported

REPORT = body(reported())
PATCH = body(corrected(1, {"data": {"note": "x"}}))
SET_BY_LEDGER = ("claim_version", "previous", "recorded_by", "salt")


@pytest.mark.parametrize(
    "posted",
    [
        *(b"", b" ", b"{", REPORT[:-1], REPORT + b"x", REPORT + REPORT, REPORT + b"\0", b"\xef\xbb\xbf" + REPORT),
        *(b"{'type': 'ClaimReported'}", b'{"type": "ClaimReported",}', b"{type: 1}", b"// no\n" + REPORT, b"undefined"),
        *(REPORT.decode().encode("utf-16"), REPORT.decode().encode("utf-32-le")),
        *(
            REPORT.replace(b'"Kyiv Post"', number)
            for number in (b"NaN", b"Infinity", b"-Infinity", b"01", b"1.", b"+1")
        ),
        *(PATCH.replace(b'"x"', number) for number in (b"NaN", b"-Infinity", b"9" * 5000)),
        *(
            REPORT.replace(b"Kyiv", raw)
            for raw in (b"a\nb", b"\x1f", b"\\x41", b"\\u12", b"\\ud800", b"\\udc00\\ud800")
        ),
        *(
            REPORT.replace(b"Kyiv", raw)
            for raw in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80")
        ),
        *(b"[" * 20_000, b'{"a":' * 5_000, PATCH.replace(b'"x"', b"[" * 300 + b"]" * 300)),
    ],
)
def test_what_is_not_json_is_not_readable(posted):
    for read in (read_posted, read_posted_array):
        with pytest.raises(NotReadableError, match="not JSON"):
            read(posted, CLAIM_ID)


def test_escapes_and_spaces_make_no_difference():
    escaped = REPORT.replace(b"Kyiv Post", b"\\u041a\\u0438\\ud83d\\ude02\\/").replace(b":", b"\r\n\t :")
    assert read_posted(escaped).model_dump()["data"]["speaker"]["name"] == "Ки😂/"


@pytest.mark.parametrize(
    ("once", "twice", "pointer"),
    [
        (b'"type": ', b'"type": "ClaimDenied", "type": ', "/type"),
        (b'"data": ', b'"data": null, "data": ', "/data"),
        (b'"data": ', b'"\\u0064ata": {}, "data": ', "/data"),
        (b'"text": ', b'"text": "Seven.", "text": ', "/data/claim/text"),
        (b'"name": ', b'"role": "a: \\u003a", "role": "b", "name": ', "/data/speaker/role"),
        (b'"claim": ', b'"import": {"a/b": "1", "a/b": "1"}, "claim": ', "/data/import/a~1b"),
        (b'"claim": ', b'"attribution": [{"party": {"name": "a"}}, {"party": {"name": "a", "name": "b"}}], "claim": ',
         "/data/attribution/1/party/name"),
        # One colon less by its other form, one more by its double: neither may hide the other.
        (b'"type": ', b'"embargo_until": "2030-01-01T00:00:00+02:00", "type": "ClaimReported", "type": ', "/type"),
        (b'"text": "', b'"text": "Seven.", "text": "\\u003a', "/data/claim/text"),
    ],
)  # fmt: skip
def test_a_member_that_stands_twice_is_refused_not_lost(once, twice, pointer):
    posted = REPORT.replace(once, twice)
    with pytest.raises(MalformedError) as caught:
        read_posted(posted)
    assert [(fault.pointer, fault.rule) for fault in caught.value.faults] == [(pointer, "repeated_member")]
    with pytest.raises(MalformedError) as caught:
        read_posted_array(b"[" + REPORT + b"," + posted + b"]")
    assert [fault.pointer for fault in caught.value.faults] == [f"/1{pointer}"]


def test_a_member_that_stands_twice_in_a_patch_is_refused():
    with pytest.raises(MalformedError, match="/data/patch/data/note"):
        read_posted(PATCH.replace(b'"note"', b'"note": "y", "note"'), CLAIM_ID)


@given(stored_events(), st.data())
def test_every_event_is_taken_once_and_refused_with_any_member_twice(stored, data):
    posted = {name: value for name, value in stored.items() if name not in SET_BY_LEDGER}
    written = json.dumps(posted, ensure_ascii=data.draw(st.booleans()))
    assert read_posted(written.encode()).event_id == stored["event_id"]
    repeated = json.dumps(_with_a_twin(posted, data)).replace("twin of ", "")
    with pytest.raises(MalformedError) as caught:
        read_posted(repeated.encode())
    assert [fault.rule for fault in caught.value.faults] == ["repeated_member"]


def _with_a_twin(value, data):
    """Return the object, or one inside of it, with a member of the same name beside another."""
    inner = [name for name, member in value.items() if isinstance(member, dict) and member]
    if inner and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(inner))
        return {**value, name: _with_a_twin(value[name], data)}
    name = data.draw(st.sampled_from(sorted(value)))
    return {f"twin of {name}": data.draw(st.sampled_from((value[name], None, "x:"))), **value}
