"""Tiles and roots recomputed, judged by RFC 6962 word by word and by the specification of tiles."""

from itertools import pairwise

import pytest

from projections.log.verify.layout import Tile, tiles_of
from projections.log.verify.tower import Tower
from projections.log.verify.tree import leaf_hash, root_of
from tests.projections.log.slow_tree import tree_hash

ENTRIES = [b"entry %d" % number for number in range(70_000)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def built(size: int) -> tuple[Tower, dict[Tile, list[bytes]]]:
    tiles: dict[Tile, list[bytes]] = {}
    tower = Tower(lambda tile, hashes: tiles.__setitem__(tile, list(hashes)))
    for leaf in LEAVES[:size]:
        tower.append(leaf)
    tower.finish()
    return tower, tiles


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_536, 70_000])
def test_a_tower_has_every_tile_and_the_root(size):
    tower, tiles = built(size)
    assert sorted(map(str, tiles)) == sorted(map(str, tiles_of(size)))
    assert tower.root() == root_of(LEAVES[:size])
    for tile, hashes in tiles.items():
        span = 256**tile.level
        first = tile.index * 256 * span
        # The first and the last hash of each tile, as MTH has it: all of them would take minutes.
        for at in {0, tile.width - 1}:
            assert hashes[at] == tree_hash(ENTRIES[first + at * span : first + (at + 1) * span])


def test_a_tower_goes_on_from_its_edge():
    _, all_tiles = built(70_000)
    tiles: dict[Tile, list[bytes]] = {}
    tower, edge = Tower(lambda *_: None), list[list[bytes]]()
    for start, end in pairwise([0, 1, 300, 65_536, 65_700, 70_000]):
        tower = Tower(lambda tile, hashes: tiles.__setitem__(tile, list(hashes)), edge)
        assert (tower.size, tower.root()) == (start, root_of(LEAVES[:start]))
        for leaf in LEAVES[start:end]:
            tower.append(leaf)
        edge = tower.edge
    tower.finish()
    assert tiles == all_tiles


@pytest.mark.parametrize("size", [1, 255, 256, 257, 70_000])
def test_a_tower_tells_which_leaves_it_holds(size):
    tower, tiles = built(size)
    for at in sorted({0, size // 3, size - 1}):
        assert tower.holds(at, LEAVES[at], tiles.__getitem__)
        assert not tower.holds(at, LEAVES[at - 1], tiles.__getitem__)
    assert not tower.holds(size, LEAVES[size % 70_000], tiles.__getitem__)
    false = {tile: [bytes(32), *hashes[1:]] for tile, hashes in tiles.items() if tile.level == 0}
    if size > 256:
        assert not tower.holds(255, LEAVES[255], (tiles | false).__getitem__)
