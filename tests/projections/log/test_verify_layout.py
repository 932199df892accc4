"""Where the pieces of a log are, by the examples of c2sp.org/tlog-tiles."""

import pytest

from projections.log.verify.layout import (
    Bundle,
    Entry,
    LayoutError,
    Tile,
    bundles_of,
    entry_of,
    parse_entry,
    split_bundle,
    split_tile,
    tiles_of,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(2, 999, 1), "tile/2/999.p/1"),
        (Tile(0, 1000, 256), "tile/0/x001/000"),
        (Tile(3, 1234067, 256), "tile/3/x001/x234/067"),
        (Bundle(1234067, 8), "tile/entries/x001/x234/067.p/8"),
    ],
)
def test_paths(tile, path):
    assert tile.path == path


def test_a_tree_of_70_000_has_the_tiles_of_the_specification():
    tiles = list(tiles_of(70_000))
    full = [(tile.level, tile.index) for tile in tiles if tile.width == 256]
    assert full == [(0, index) for index in range(273)] + [(1, 0)]
    assert [tile for tile in tiles if tile.width != 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(bundles_of(70_000))[-1] == Bundle(273, 112)
    assert list(bundles_of(70_000, 272)) == [Bundle(272, 256), Bundle(273, 112)]


def test_small_trees():
    assert list(tiles_of(0)) == []
    assert list(tiles_of(256)) == [Tile(0, 0, 256), Tile(1, 0, 1)]


def test_a_tile_is_its_hashes():
    assert split_tile(b"a" * 32 + b"b" * 32, 2) == [b"a" * 32, b"b" * 32]
    with pytest.raises(LayoutError, match="63 bytes, 64 expected"):
        split_tile(bytes(63), 2)


def test_a_bundle_is_its_entries():
    assert split_bundle(b"\x00\x01a\x00\x02bc", 2) == [b"a", b"bc"]
    for damaged in (b"\x00", b"\x00\x02a"):
        with pytest.raises(LayoutError, match="cut off"):
            split_bundle(damaged, 1)
    with pytest.raises(LayoutError, match="1 entries, 2 expected"):
        split_bundle(b"\x00\x01a", 2)


def test_an_entry_has_exactly_one_form():
    entry = entry_of("ab" * 32, "2024-10-04T12:00:00.000000Z")
    assert entry == b'{"event_sha256":"%b","recorded_at":"2024-10-04T12:00:00.000000Z"}' % (b"ab" * 32)
    assert parse_entry(entry) == Entry("ab" * 32, "2024-10-04T12:00:00.000000Z")
    for other in (entry + b"\n", entry.replace(b",", b", "), entry.upper(), entry.replace(b".000000Z", b"Z")):
        with pytest.raises(LayoutError, match="not an entry"):
            parse_entry(other)
