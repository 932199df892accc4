"""What the ledger mints: ids that sort by the time of their making, and salts that nobody guesses."""

import re
import time
from uuid import RFC_4122, UUID

from service.ids import new_event_id, new_salt


def test_an_event_id_is_a_uuid_of_version_7():
    made = UUID(new_event_id())
    assert (made.version, made.variant) == (7, RFC_4122)
    assert str(made) == str(made).lower()


def test_an_event_id_begins_with_the_millisecond_of_its_making():
    before = time.time_ns() // 1_000_000
    made = UUID(new_event_id()).int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_event_ids_of_later_milliseconds_are_greater():
    ids = [new_event_id() for _ in range(5000)]
    milliseconds = [UUID(made).int >> 80 for made in ids]
    assert milliseconds == sorted(milliseconds)
    assert len(set(ids)) == len(ids)


def test_a_salt_is_128_bits_without_padding():
    salts = {new_salt() for _ in range(500)}
    assert len(salts) == 500
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{21}[AQgw]", salt) for salt in salts)
