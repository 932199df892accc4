"""The log follows the ledger: the same tiles however it comes to them, and nothing where the ledger is broken."""

import sqlite3
from collections.abc import Iterator
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.encoding import canonical_json
from domain.times import format_instant
from projections.errors import BrokenLogError
from projections.log import log
from projections.log.tiles import bundles_of, tiles_of
from tests.projections.log import entries, slow_tree

SIZES = (0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 70_000)
BEYOND = (
    *("tile/0/001", "tile/0/001.p/45", "tile/0/002", "tile/1/000", "tile/1/000.p/2", "tile/2/000.p/1", "tile/0/1"),
    *("tile/entries/001", "tile/entries/001.p/45", "tile/entries/x999/x999/999", "checkpoint"),
)


@pytest.fixture
def small() -> Iterator[sqlite3.Connection]:
    with entries.begin(600) as connection:
        log.integrate(connection, 300)
        yield connection


@given(st.binary(min_size=32, max_size=32), st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_an_entry_is_canonical_json(digest, recorded_us):
    members = {"event_sha256": digest.hex(), "recorded_at": format_instant(recorded_us)}
    assert log.encode_entry(digest, recorded_us) == canonical_json(members)


@pytest.mark.parametrize("size", SIZES)
def test_the_root_of_every_size_is_that_of_the_definition(large, size):
    assert log.root_at(large, size) == slow_tree.tree_hash(entries.many()[:size])


@pytest.mark.parametrize(("index", "size"), [(0, 1), (255, 256), (255, 257), (65_535, 65_537), (69_999, 70_000)])
def test_an_inclusion_proof_is_that_of_the_definition(large, index, size):
    assert log.inclusion_at(large, index, size) == slow_tree.inclusion_path(index, entries.many()[:size])


@pytest.mark.parametrize(("old", "new"), [(1, 2), (255, 257), (256, 257), (257, 65_536), (65_536, 70_000)])
def test_a_consistency_proof_is_that_of_the_definition(large, old, new):
    assert log.consistency_at(large, old, new) == slow_tree.consistency_proof(old, entries.many()[:new])


def test_the_tree_is_as_large_as_the_ledger(large):
    assert log.read_size(large) == entries.MANY
    assert [(tile.level, tile.index, 32 * tile.width) for tile in tiles_of(entries.MANY)] == [
        (level, index, len(hashes)) for level, index, hashes in entries.tiles(large)
    ]


def test_every_tile_that_a_size_implies_is_served_and_holds_the_hashes_of_its_subtrees(large):
    read_hash = log.hash_reader(large)
    for size in (1, 257, 70_000):
        for tile in tiles_of(size):
            hashes = log.tile_at(large, tile.path, size)
            places = range(tile.first, tile.first + tile.width)
            assert hashes == b"".join(read_hash(8 * (tile.level or 0), place) for place in places)


def test_every_bundle_that_a_size_implies_is_served_and_holds_its_entries(large):
    for size in (1, 257, 70_000):
        for bundle in bundles_of(size):
            served = log.bundle_at(large, bundle.path, size)
            expected = entries.many()[bundle.first : bundle.first + bundle.width]
            assert served == b"".join(len(entry).to_bytes(2, "big") + entry for entry in expected)


@pytest.mark.parametrize("path", BEYOND)
def test_nothing_beyond_the_published_size_is_served(large, path):
    assert log.tile_at(large, path, 300) is None
    assert log.bundle_at(large, path, 300) is None


def test_tiles_and_bundles_are_not_taken_for_one_another(large):
    assert log.tile_at(large, "tile/entries/000", entries.MANY) is None
    assert log.bundle_at(large, "tile/0/000", entries.MANY) is None


def test_a_partial_tile_is_the_beginning_of_the_full_one_for_good(large):
    with entries.begin(70) as connection:
        log.integrate(connection, 70)
        assert log.tile_at(large, "tile/0/000.p/70", entries.MANY) == log.tile_at(connection, "tile/0/000.p/70", 70)
        assert log.bundle_at(large, "tile/entries/000.p/70", entries.MANY) == log.bundle_at(
            connection, "tile/entries/000.p/70", 70
        )


def test_what_is_published_and_not_there_yet_is_not_served_half(small):
    assert log.tile_at(small, "tile/0/001.p/45", 70_000) is None
    assert log.bundle_at(small, "tile/entries/002.p/89", 70_000) is None


def test_a_tree_that_is_not_there_yet_is_refused(small):
    refusal = "the log has 300 entries, not 301"
    with pytest.raises(ValueError, match=refusal):
        log.root_at(small, 301)
    with pytest.raises(ValueError, match=refusal):
        log.inclusion_at(small, 0, 301)
    with pytest.raises(ValueError, match=refusal):
        log.consistency_at(small, 1, 301)


@settings(max_examples=12)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_however_the_events_are_cut_into_batches_the_tables_are_the_same(batches):
    with entries.begin(sum(batches)) as connection:
        log.integrate(connection, sum(batches))
        at_once = entries.tiles(connection)
        connection.execute("DELETE FROM log_tiles")
        for upto in accumulate(batches):
            log.integrate(connection, upto)
        assert entries.tiles(connection) == at_once


def test_one_by_one_or_past_the_chunks_the_tables_are_the_same(large):
    with entries.begin(9000) as connection:
        for upto in (*range(1, 600), 4097, 8192, 8193, 9000):
            log.integrate(connection, upto)
        assert [log.tile_at(connection, tile.path, 9000) for tile in tiles_of(9000)] == [
            log.tile_at(large, tile.path, 9000) for tile in tiles_of(9000)
        ]


def test_what_is_integrated_already_is_not_integrated_again(small):
    before = entries.tiles(small)
    log.integrate(small, 300)
    log.integrate(small, 20)
    assert entries.tiles(small) == before


def broken(connection: sqlite3.Connection, upto: int = 600) -> str:
    """Integrate in a transaction as the follower does; return what is said, nothing having been stored."""
    before = entries.tiles(connection)
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(BrokenLogError) as caught:
        log.integrate(connection, upto)
    connection.rollback()
    assert entries.tiles(connection) == before
    assert str(caught.value).startswith(f"position {caught.value.position}: ")
    return str(caught.value)


@pytest.mark.parametrize("position", [301, 450, 600])
def test_a_gap_in_the_ledger_stops_the_log(small, position):
    small.execute("DELETE FROM ledger.stored_events WHERE position = ?", (position,))
    assert broken(small) == f"position {position}: the event is missing from the ledger"


@pytest.mark.parametrize("position", [301, 302, 600])
def test_a_time_before_the_last_one_stops_the_log(small, position):
    small.execute("UPDATE ledger.stored_events SET recorded_us = 0 WHERE position = ?", (position,))
    assert broken(small) == (
        f"position {position}: recorded at 1970-01-01T00:00:00.000000Z, before the event ahead of it"
    )


def test_a_ledger_that_was_cut_off_stops_the_log(small):
    small.execute("DELETE FROM ledger.stored_events WHERE position >= 300")
    assert broken(small) == "position 300: the event is in the log, and is missing from the ledger"


@pytest.mark.parametrize(("column", "value"), [("recorded_us", 7), ("event_sha256", bytes(32))])
def test_a_last_event_that_is_another_one_now_stops_the_log(small, column, value):
    small.execute(f"UPDATE ledger.stored_events SET {column} = ? WHERE position = 300", (value,))
    assert broken(small) == "position 300: the event is not the one that is in the log"


def test_a_log_that_lacks_a_tile_is_not_built_upon(small):
    small.execute("DELETE FROM log_tiles WHERE level = 1")
    assert broken(small) == "position 257: tile 0 of level 1 is not 1 hashes wide"


def test_a_log_that_lacks_a_tile_proves_nothing(small):
    small.execute("DELETE FROM log_tiles WHERE level = 0 AND tile = 0")
    with pytest.raises(BrokenLogError, match="position 129: tile 0 of level 0 lacks hashes"):
        log.inclusion_at(small, 1, 300)


def test_events_of_before_1970_are_integrated_too():
    with entries.begin(0) as connection:
        digests = [digest for _, digest, _ in entries.events(2)]
        times = (-2_000_000, -1)
        entries.record(connection, zip((1, 2), digests, times, strict=True))
        log.integrate(connection, 2)
        expected = [log.encode_entry(digest, at_us) for digest, at_us in zip(digests, times, strict=True)]
        assert log.root_at(connection, 2) == slow_tree.tree_hash(expected)
        assert b"1969-12-31T23:59:58.000000Z" in expected[0]
