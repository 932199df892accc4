"""Where a log keeps its tiles and entries (c2sp.org/tlog-tiles), and what an entry says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TILE_WIDTH = 256
HASH_BYTES = 32

_ENTRY = re.compile(
    rb'\{"event_sha256":"([0-9a-f]{64})","recorded_at":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z)"\}'
)


class LayoutError(ValueError):
    """What the log serves is not in the form that it should have."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a tree: its level, its index there, and how many hashes it holds."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """The address below the log's."""
        return f"tile/{self.level}/{_spell(self.index, self.width)}"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The entries that belong to one tile of level 0."""

    index: int
    width: int

    @property
    def path(self) -> str:
        """The address below the log's."""
        return f"tile/entries/{_spell(self.index, self.width)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the log holds of an event."""

    event_sha256: str
    recorded_at: str


def bundles_of(size: int, first: int = 0) -> Iterator[Bundle]:
    """Yield the entry bundles of a tree, from the one with this index."""
    for index in range(first, -(-size // TILE_WIDTH)):
        yield Bundle(index, min(TILE_WIDTH, size - index * TILE_WIDTH))


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield the tiles of a tree, level by level; only what a tile holds fully is hashed into the level above."""
    level = 0
    while size:
        for index in range(-(-size // TILE_WIDTH)):
            yield Tile(level, index, min(TILE_WIDTH, size - index * TILE_WIDTH))
        level, size = level + 1, size // TILE_WIDTH


def split_tile(tile: bytes, width: int) -> list[bytes]:
    """Return the hashes of a tile. Raises LayoutError."""
    if len(tile) != width * HASH_BYTES:
        raise LayoutError(f"{len(tile)} bytes, {width * HASH_BYTES} expected")
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]


def split_bundle(bundle: bytes, width: int) -> list[bytes]:
    """Return the entries of a bundle. Raises LayoutError."""
    entries, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise LayoutError("the last entry is cut off")
        entries.append(bundle[at + 2 : end])
        at = end
    if len(entries) != width:
        raise LayoutError(f"{len(entries)} entries, {width} expected")
    return entries


def parse_entry(entry: bytes) -> Entry:
    """Return what an entry says. Raises LayoutError where it is not exactly of the form that entries have."""
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise LayoutError("not an entry of an event")
    return Entry(match[1].decode(), match[2].decode())


def entry_of(event_sha256: str, recorded_at: str) -> bytes:
    """Return the entry that the log holds of an event: canonical JSON of its digest and its instant."""
    return f'{{"event_sha256":"{event_sha256}","recorded_at":"{recorded_at}"}}'.encode()


def _spell(index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"
