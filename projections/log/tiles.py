"""Where a log serves its hashes and entries, and in which bytes: c2sp.org/tlog-tiles."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from projections.log.merkle import HASH_BYTES

TILE_WIDTH = 256
TILE_BYTES = TILE_WIDTH * HASH_BYTES

# Seven groups are more than any tree has tiles, and few enough to be made a number whoever asks.
_PATH = re.compile(
    r"tile/(?:(?P<level>[0-9]|[1-5][0-9]|6[0-3])|entries)/"
    r"(?P<index>(?!x000)(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Consecutive hashes of one level, or entries where there is no level; partial if fewer than 256."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is served, below the address of the log."""
        kind = "entries" if self.level is None else self.level
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{_spell(self.index)}{partial}"

    @property
    def first(self) -> int:
        """How many hashes of its level, or entries, come before it."""
        return self.index * TILE_WIDTH

    def is_within(self, tree_size: int) -> bool:
        """Tell whether a tree of that size has all of it."""
        return self.first + self.width <= tree_size >> 8 * (self.level or 0)


def parse_path(path: str) -> Tile | None:
    """Return the tile or entry bundle that a path names; None unless it is spelt exactly as `Tile.path` spells it."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level, index, width = match.group("level", "index", "width")
    if width is not None and int(width) >= TILE_WIDTH:
        return None
    number = int(index.replace("x", "").replace("/", ""))
    return Tile(None if level is None else int(level), number, TILE_WIDTH if width is None else int(width))


def tiles_of(tree_size: int) -> Iterator[Tile]:
    """Yield the tiles of hashes that a tree of this size has, level by level; only full ones are hashed upward."""
    level, hashes = 0, tree_size
    while hashes:
        yield from _row(level, hashes)
        level, hashes = level + 1, hashes // TILE_WIDTH


def bundles_of(tree_size: int) -> Iterator[Tile]:
    """Yield the bundles of entries that a tree of this size has."""
    return _row(None, tree_size)


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Return a bundle's bytes: each entry after its length, 16 bits, big-endian.

    Raises OverflowError where an entry is longer than 65,535 bytes.
    """
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def _row(level: int | None, width: int) -> Iterator[Tile]:
    full, rest = divmod(width, TILE_WIDTH)
    for index in range(full):
        yield Tile(level, index)
    if rest:
        yield Tile(level, full, rest)


def _spell(index: int) -> str:
    """Return a number in groups of three digits, all but the last of which begin with an x."""
    groups = f"{index:,}".split(",")
    groups[0] = groups[0].zfill(3)
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
