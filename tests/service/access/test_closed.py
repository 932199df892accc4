"""Where reading needs a key, nobody without a good one learns what there is."""

from itertools import product
from pathlib import Path

import pytest

from tests.service.access.hidden import ABSENT, THINGS, Thing
from tests.service.access.rules import RULES
from tests.service.in_process import InProcess

NAMED = {"head": "1", "size": "1", "now": "2020-01-01T00:00:00Z"}
READS = [name for name, rule in RULES.items() if rule.kind in ("reads", "public")]
PUBLIC = THINGS[0]


def address(way: str, thing: Thing) -> str:
    names = {"claim": thing.claim_id, "event": thing.event_id, "denial": thing.denial_id, "word": thing.word}
    return way.partition(" ")[0].format(**names, **NAMED)


def test_without_a_good_key_nothing_is_read(tmp_path: Path):
    with InProcess(tmp_path / "data", public_reads=False) as service:
        key = service.create_key("desk", "editor")
        said = {"claim": {"text": PUBLIC.word}, "speaker": {"name": PUBLIC.word}}
        event = {"type": "ClaimReported", "claim_id": PUBLIC.claim_id, "event_id": PUBLIC.event_id, "data": said}
        assert service.post(event, key, "/v1/events?wait=published").status == 201
        for operation, shown in product(READS, (None, "no-key-of-ours")):
            for way in RULES[operation].ways:
                found, missing = (service.get(address(way, thing), shown) for thing in (PUBLIC, ABSENT))
                assert (found.status, found.body) == (missing.status, missing.body) == (401, found.body), way
                assert found.headers.keys() == missing.headers.keys()


@pytest.mark.parametrize("path", ["/v1/events", "/v1/claims/any/events"])
def test_without_a_good_key_nothing_is_appended(tmp_path: Path, path: str):
    with InProcess(tmp_path / "data") as service:
        for key in ("", "no-key-of-ours"):
            assert service.post({}, key, path).status == 401
