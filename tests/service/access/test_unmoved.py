"""What is recorded for others changes nothing that a reader is answered: no body, count, order or ETag."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.audience import DESK, PUBLIC, STAFF
from tests.service.access.asking import Fingerprint, World, opened_world, without_head
from tests.service.access.hidden import ABSENT
from tests.service.access.readers import READERS, Reader
from tests.service.access.rules import RULES

Answers = dict[tuple[Reader, str], Fingerprint]
ASKED = [
    (rule.kind, way)
    for rule in RULES.values()
    if rule.kind in ("reads", "public")
    for way in rule.ways
    if "{" not in way
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Answers]]:
    """Return what everybody is answered when only the public's things are on record, then the staff's, then all."""
    folder: Path = tmp_path_factory.mktemp("unmoved")
    with opened_world(folder, (PUBLIC,)) as world:
        answers = [ask_all(world)]
        for stage in (STAFF, DESK):
            world.post_as_desk(stage)
            answers.append(ask_all(world))
        yield answers


def ask_all(world: World) -> Answers:
    return {
        (reader, way): without_head(world.ask(reader, way, ABSENT, lowers=kind == "reads"))
        for reader in READERS
        for kind, way in ASKED
    }


@pytest.mark.parametrize("stage", [STAFF, DESK])
def test_what_others_may_read_moves_nothing(told: list[Answers], stage: int):
    kinds = {way: kind for kind, way in ASKED}
    for (reader, way), answer in told[stage].items():
        audience = reader.audience if kinds[way] == "reads" else PUBLIC
        if audience < stage:
            assert answer == told[stage - 1][reader, way], (reader, way)


@pytest.mark.parametrize("stage", [STAFF, DESK])
def test_what_one_may_read_moves_what_lists_it(told: list[Answers], stage: int):
    for way in ("/v1/claims", "/v1/events", "/v1/summary", "/v1/sources", "/", "/v1/claims/shared-by-all"):
        for reader in READERS:
            if reader.audience >= stage:
                assert told[stage][reader, way] != told[stage - 1][reader, way], (reader, way)
