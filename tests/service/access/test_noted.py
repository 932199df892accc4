"""Each read that may show something confidential is on record, whichever operation it is; no other read is."""

from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest

from domain.audience import DESK
from service.accesses import AccessStore
from service.store.databases import SqliteLedger
from tests.service.access.asking import World, opened_world
from tests.service.access.hidden import THINGS
from tests.service.access.readers import READERS
from tests.service.access.rules import RULES

CONFIDENTIAL = next(thing for thing in THINGS if thing.name == "confidential")


def noted(folder: Path) -> list[tuple[str, str]]:
    store = AccessStore(SqliteLedger(folder / "data").tables)
    return [(each.key_name, each.address) for each in store.list_accesses(0, 2**62)]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("noted")
    with opened_world(folder) as world:
        yield world, folder


@pytest.mark.parametrize(
    "operation", [name for name, rule in RULES.items() if rule.kind in ("reads", "public", "open")]
)
def test_reads_of_the_desk_are_on_record_and_others_are_not(own: tuple[World, Path], operation: str):
    world, folder = own
    rule = RULES[operation]
    before = len(noted(folder))
    expected = set()
    for reader, way in product(READERS, rule.ways):
        world.ask(reader, way, CONFIDENTIAL, lowers=rule.kind == "reads")
        if rule.kind == "reads" and reader.audience == DESK:
            names = {"claim": CONFIDENTIAL.claim_id, "event": CONFIDENTIAL.event_id, "denial": CONFIDENTIAL.denial_id}
            path = way.partition(" ")[0].format(**names, word=CONFIDENTIAL.word, **world.named).partition("?")[0]
            expected.add((reader.key_name, quote(path)))
    found = noted(folder)[before:]
    assert set(found) >= expected if expected else not found
    assert {name.rpartition("-")[2] for name, _ in found} <= {f"{DESK}"}
