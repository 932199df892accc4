"""What is shown of the log: all that the last checkpoint covers, and nothing beyond it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.ports import UnavailableError
from projections.log.verify.layout import bundles_of, split_bundle, split_tile, tiles_of
from projections.log.verify.notes import parse_receipt
from projections.log.verify.tree import leaf_hash, root_of, verify_inclusion
from service.publishing.published import PublishedLog
from tests.service.publishing import Press


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    with Press(tmp_path) as press:
        yield press


def published(press: Press) -> PublishedLog:
    shown = PublishedLog(press.log.identity.verifier_key, press.store, press)
    last = press.store.last(1)
    if last is not None:
        shown.show(last)
    return shown


def test_every_tile_and_bundle_of_the_published_tree_is_there_and_nothing_beyond(press):
    press.publish(258)
    shown = published(press)
    press.append(3)
    press.follow()
    tiles = {tile.path: asyncio.run(shown.get_tile(tile.path)) for tile in tiles_of(258)}
    bundles = [(bundle, asyncio.run(shown.get_tile(bundle.path))) for bundle in bundles_of(258)]
    entries = [entry for bundle, served in bundles for entry in split_bundle(served or b"", bundle.width)]
    assert root_of(map(leaf_hash, entries)) == press.true_root(258)
    assert split_tile(tiles["tile/0/001.p/2"] or b"", 2) == [leaf_hash(entry) for entry in entries[256:]]
    assert None not in tiles.values()
    for path in ("tile/0/001.p/3", "tile/entries/001.p/3", "tile/1/000.p/2", "tile/0/002", "tile/x"):
        assert asyncio.run(shown.get_tile(path)) is None


def test_every_event_that_is_covered_has_a_receipt(press):
    press.publish(5)
    shown = published(press)
    press.append(1)
    press.follow()
    (hashes,) = press.connection.execute("SELECT hashes FROM log_tiles").fetchone()
    for position in range(1, 6):
        receipt = parse_receipt(asyncio.run(shown.prove(position)) or b"")
        checkpoint = press.open(receipt.checkpoint)
        leaf = hashes[position * 32 - 32 : position * 32]
        verify_inclusion(leaf, receipt.leaf_index, checkpoint.size, receipt.proof, checkpoint.root)
        assert receipt.leaf_index == position - 1
    assert asyncio.run(shown.prove(6)) is None


def test_before_the_first_checkpoint_nothing_is_shown(press):
    shown = published(press)
    for ask in (shown.list_checkpoints(0, 10), shown.get_tile("tile/0/000"), shown.prove(1)):
        with pytest.raises(UnavailableError, match="no checkpoint of the log is published yet"):
            asyncio.run(ask)
    with pytest.raises(UnavailableError):
        shown.get_checkpoint()
    assert not asyncio.run(shown.wait_for(1, 0.001))


def test_checkpoints_are_listed_in_pages_up_to_the_one_that_is_shown(press):
    for _ in range(4):
        press.publish(1)
    shown = PublishedLog("", press.store, press)
    shown.show(press.store.list_checkpoints(2, 1)[0])
    listed = [note for after in (0, 2, 3) for note in asyncio.run(shown.list_checkpoints(after, 2))]
    assert [press.open(note).size for note in listed] == [1, 2, 3]


def test_what_was_shown_is_never_taken_back(press):
    press.publish(1)
    press.publish(1)
    first, second = press.store.list_checkpoints(0, 2)
    shown = PublishedLog("", press.store, press)
    shown.show(second)
    shown.show(first)
    assert shown.get_checkpoint() == second.note
    assert shown.size == 2


def test_who_waits_is_woken_by_the_checkpoint_that_covers_it(press):
    press.publish(1)
    press.publish(1)
    shown = PublishedLog("", press.store, press)

    async def wait() -> bool:
        waiting = asyncio.create_task(shown.wait_for(2, 60))
        for kept in press.store.list_checkpoints(0, 2):
            await asyncio.to_thread(int)
            assert not waiting.done()
            shown.show(kept)
        return await waiting

    assert asyncio.run(wait())
