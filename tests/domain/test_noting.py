"""What a claim takes from stored bytes is what it would take from the event that they hold."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from domain.errors import UnknownSchemaVersionError
from domain.events import encode_event, read_event
from domain.noting import note_of, read_note
from tests.domain.random_events import stored_events

GOLDEN = sorted((Path(__file__).parents[1] / "data" / "golden").glob("*.json"))
ASSESSMENT = {
    "claim_id": "six-officers",
    "claim_version": 1,
    "classification": "public",
    "data": {"claim": {"text": "Six officers have resigned."}, "speaker": {"name": "BBC Verify"}, "verdict": "false"},
    "embargo_until": None,
    "event_id": "0192d05e-7a5a-7a6b-8f6e-0c5e6f0a1b2c",
    "recorded_at": "2024-10-04T12:00:00.000000Z",
    "recorded_by": "desk",
    "schema_version": 1,
    "type": "ClaimAssessed",
}


@given(stored_events())
def test_bytes_are_noted_as_the_event_is(stored):
    event = read_event(json.dumps(stored).encode())
    assert read_note(encode_event(event)) == note_of(event)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_the_first_release_stored_is_noted_as_the_event_is(path):
    assert read_note(path.read_bytes()) == note_of(read_event(path.read_bytes()))


def test_what_is_left_out_has_its_default():
    stored = json.dumps(ASSESSMENT).encode()
    note = read_note(stored)
    assert note == note_of(read_event(stored))
    assert note.entry.decisive is False
    assert note.text is not None
    assert note.text.language == "und"


def test_another_version_of_the_schema_is_not_guessed_at():
    with pytest.raises(UnknownSchemaVersionError):
        read_note(json.dumps(ASSESSMENT | {"schema_version": 2}).encode())


@pytest.mark.parametrize("stored", [b"", b"[]", json.dumps(ASSESSMENT | {"claim_version": 0}).encode()])
def test_what_is_no_event_is_refused(stored):
    with pytest.raises(ValueError, match=r"validation error|EOF"):
        read_note(stored)
