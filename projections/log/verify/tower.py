"""The tiles of a tree and its root, recomputed from the leaves as they come."""

from collections.abc import Callable, Iterable, Sequence

from projections.log.verify.layout import TILE_WIDTH, Tile
from projections.log.verify.tree import CompactRange, join_hashes, root_of

OnTile = Callable[[Tile, Sequence[bytes]], None]
ReadTile = Callable[[Tile], Sequence[bytes]]


class _Level:
    """The last tile of a level, as long as it is not full."""

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self.hashes: list[bytes] = []
        self.range = CompactRange()
        for each in hashes:
            self.append(each)

    def append(self, hash_: bytes) -> None:
        self.hashes.append(hash_)
        self.range.append(hash_)


class Tower:
    """The tiles at the right edge of a tree; those that get full are handed on."""

    def __init__(self, on_tile: OnTile, edge: Sequence[Sequence[bytes]] = ()) -> None:
        """Begin empty, or at the edge where another tower had come to."""
        self._on_tile = on_tile
        self._levels = [_Level(hashes) for hashes in edge]
        self.size = sum(len(hashes) << 8 * level for level, hashes in enumerate(edge))

    @property
    def edge(self) -> list[list[bytes]]:
        """The hashes of the tiles that are not full, from level 0 up."""
        return [list(level.hashes) for level in self._levels]

    def append(self, leaf: bytes) -> None:
        """Take in the hash of the next leaf."""
        self.size += 1
        level, found = 0, leaf
        while True:
            if level == len(self._levels):
                self._levels.append(_Level())
            top = self._levels[level]
            top.append(found)
            if len(top.hashes) < TILE_WIDTH:
                return
            self._on_tile(Tile(level, (self.size >> 8 * (level + 1)) - 1, TILE_WIDTH), top.hashes)
            self._levels[level] = _Level()
            level, found = level + 1, top.range.root()

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        return join_hashes([each for level in reversed(self._levels) for each in level.range.hashes])

    def finish(self) -> None:
        """Hand on the tiles that are not full."""
        for number, level in enumerate(self._levels):
            if level.hashes:
                self._on_tile(Tile(number, self.size >> 8 * (number + 1), len(level.hashes)), level.hashes)

    def holds(self, leaf_index: int, leaf: bytes, read_tile: ReadTile) -> bool:
        """Tell whether this tree has that leaf: by its full tiles, which are read, up to one at the edge."""
        at, found = leaf_index, leaf
        for number, level in enumerate(self._levels):
            index, place = divmod(at, TILE_WIDTH)
            is_full = index < self.size >> 8 * (number + 1)
            hashes = read_tile(Tile(number, index, TILE_WIDTH)) if is_full else level.hashes
            if place >= len(hashes) or hashes[place] != found:
                return False
            if not is_full:
                return True
            at, found = index, root_of(hashes)
        return False
