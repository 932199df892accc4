"""Tiles and bundles have the addresses and bytes of c2sp.org/tlog-tiles, and one spelling each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.log.tiles import Tile, bundles_of, encode_bundle, parse_path, tiles_of

ENGINES = ("sqlite",)

SPELT = {
    Tile(0, 0): "tile/0/000",
    Tile(0, 67): "tile/0/067",
    Tile(1, 999, 17): "tile/1/999.p/17",
    Tile(2, 1000): "tile/2/x001/000",
    Tile(0, 1234067): "tile/0/x001/x234/067",
    Tile(63, 1234067, 1): "tile/63/x001/x234/067.p/1",
    Tile(None, 1234067): "tile/entries/x001/x234/067",
    Tile(None, 5, 255): "tile/entries/005.p/255",
}
MISSPELT = (
    "",
    "tile",
    "tile/0/",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/00/000",
    "tile/01/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/data/000",
    "tile/0/x000/001",
    "tile/0/x000/x001/001",
    "tile/0/001/001",
    "tile/0/x001",
    "tile/0/X001/001",
    "tile/0/x01/001",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/1000",
    "tile/0/000.p/",
    "tile/0/000.p",
    "tile/0/000/",
    "tile/0/000\n",
    "/tile/0/000",
    "tile//0/000",
    "tile/0/../0/000",
    "tile/0/\u0660\u0660\u0660",
    "tile/0/" + "x123/" * 2000 + "123",
)


@pytest.mark.parametrize(("tile", "path"), list(SPELT.items()))
def test_a_tile_has_one_address(tile, path):
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize("path", MISSPELT)
def test_what_is_spelt_otherwise_is_no_tile(path):
    assert parse_path(path) is None


@given(st.none() | st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_every_tile_is_found_by_its_address(level, index, width):
    tile = Tile(level, index, width)
    assert parse_path(tile.path) == tile


@given(st.from_regex(r"tile/[0-9e]{1,2}/(x[0-9]{3}/){0,2}[0-9]{3}(\.p/[0-9]{1,3})?", fullmatch=True))
def test_no_tile_has_a_second_address(path):
    tile = parse_path(path)
    assert tile is None or tile.path == path


def test_the_tiles_of_70_000_entries_are_those_that_the_specification_counts():
    tiles = list(tiles_of(70_000))
    full = [tile for tile in tiles if tile.width == 256]
    assert [tile.index for tile in full if tile.level == 0] == list(range(273))
    assert [tile for tile in full if tile.level] == [Tile(1, 0)]
    assert [tile for tile in tiles if tile not in full] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]


@pytest.mark.parametrize(
    ("size", "tiles"),
    [
        (0, []),
        (1, [Tile(0, 0, 1)]),
        (255, [Tile(0, 0, 255)]),
        (256, [Tile(0, 0), Tile(1, 0, 1)]),
        (257, [Tile(0, 0), Tile(0, 1, 1), Tile(1, 0, 1)]),
    ],
)
def test_a_full_tile_alone_is_hashed_upward(size, tiles):
    assert list(tiles_of(size)) == tiles


def test_bundles_stand_beside_the_tiles_of_level_0():
    assert list(bundles_of(600)) == [Tile(None, 0), Tile(None, 1), Tile(None, 2, 88)]
    assert list(bundles_of(0)) == []


@given(st.integers(0, 70_000))
def test_a_tree_has_its_own_tiles_and_none_of_a_larger_one(size):
    assert all(tile.is_within(size) for tile in (*tiles_of(size), *bundles_of(size)))
    assert not Tile(0, size // 256).is_within(size)
    assert not Tile(None, size // 256, size % 256 + 1).is_within(size)


def test_an_entry_stands_after_its_length():
    assert encode_bundle([b"abc", b"", b"d" * 258]) == b"\x00\x03abc" + b"\x00\x00" + b"\x01\x02" + b"d" * 258


def test_an_entry_whose_length_has_no_two_bytes_is_refused():
    with pytest.raises(OverflowError):
        encode_bundle([b"a" * 65_536])
