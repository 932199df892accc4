"""The bytes of events, held to another implementation of RFC 8785 and to the published schema."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from domain.encoding import Json, canonical_json, sort_members
from domain.errors import UnknownSchemaVersionError
from domain.events import encode_event, read_event
from tests.domain.random_events import stored_events, values

DATA = Path(__file__).parents[1] / "data"
SCHEMA = Draft202012Validator(
    json.loads((DATA / "event.schema.json").read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
)
GOLDEN = {
    "ClaimReported": "90ece2a3b7df4bb338593ad6049181d1f7966ca42097bf31babf52bbb5be8bf5",
    "ClaimDenied": "006347fea73f3d7dfc6b5d10fc72b4910242615acd4ddd1d071f13b304c5dad6",
    "ClaimAssessed": "3838828ed9eaf4ca51cc1262a8ce54fddd296ffcc74e834cf9b0a5757c098200",
    "ClaimConfirmed": "65e081da63cb2c18154d2fa72b410d7ec96ad865f46cf09d93226f32f5cf997e",
    "ClaimCommentDeclined": "c46b10228391fa75192c5dcb7b0903e24d3ef3ac7cd6e292af09978f99174570",
    "EvidenceAttached": "3c5a7a40118b116955cd3e733df7ff1a2d9de3ce2ad09d47f75801c0c591e0a9",
    "EventCorrected": "71b00bfd38a9ba1dcc442e5f1ee9987f9171ee2869ecdab1cf2ef67e7a3b8b9c",
    "EventRetracted": "232a5243baac0e87b5cca49dcbba2d8053026931eec7664a808740e645fbde9d",
    "EventErased": "0e86201759d604e992e868fecc8da22d10136356a2e7f9d30308c6883e861ee1",
    "EventReclassified": "7253cd683de4f8bb7d64d20c963b1f26de188632fb9b580feb6b473c373f79f2",
    "ClaimLinked": "e11510169826ab28157c00d470c194eaeaca6c3ff1ff77207d2e4a891227bdea",
}
"""The SHA-256 of the bytes that the first release stores for an event of each type. They never change."""
TYPES = sorted(GOLDEN)


@given(values)
def test_canonical_json_is_what_another_implementation_writes(value):
    assert canonical_json(value) == rfc8785.dumps(value)


def test_members_are_in_the_order_of_utf_16_units():
    # The example of RFC 8785, section 3.2.3: U+1F600 comes before U+FB33.
    value: Json = dict.fromkeys(["€", "\r", "\ufb33", "1", "\U0001f600", "\x80", "ö"], 0)
    assert list(sort_members(value)) == ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]
    assert canonical_json(value) == rfc8785.dumps(value)


@given(stored_events())
def test_an_event_is_stored_as_canonical_json_and_read_back_the_same(stored):
    event = read_event(json.dumps(stored).encode())
    encoded = encode_event(event)
    assert encoded == rfc8785.dumps(stored)
    assert read_event(encoded) == event


@given(stored_events())
def test_a_stored_event_is_what_the_schema_says(stored):
    SCHEMA.validate(json.loads(encode_event(read_event(json.dumps(stored).encode()))))


@given(stored_events(), st.data())
def test_the_order_of_members_as_posted_does_not_show(stored, data):
    def shuffled(value):
        if isinstance(value, dict):
            return {name: shuffled(value[name]) for name in data.draw(st.permutations(list(value)))}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    event = read_event(json.dumps(shuffled(stored)).encode())
    assert encode_event(event) == rfc8785.dumps(stored)


@pytest.mark.parametrize("event_type", TYPES)
def test_what_is_stored_today_is_readable_for_ever(event_type):
    stored = (DATA / "golden" / f"{event_type}.json").read_bytes()
    assert sha256(stored).hexdigest() == GOLDEN[event_type]
    SCHEMA.validate(json.loads(stored))
    event = read_event(stored)
    assert event.type == event_type
    assert encode_event(event) == stored


@pytest.mark.parametrize("version", [0, 2, "1", True, 1.0, None])
def test_a_schema_version_that_is_not_known_is_not_read(version):
    stored = json.loads((DATA / "golden" / "ClaimReported.json").read_bytes())
    with pytest.raises(UnknownSchemaVersionError, match=f"{stored['event_id']} has schema_version {version!r}"):
        read_event(json.dumps({**stored, "schema_version": version}).encode())
