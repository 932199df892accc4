"""The log as a read model: the tiles of a Merkle tree over all events, in the order of the ledger.

Only hashes are stored. An entry is made of its event's digest and time, which outlive the event's bytes.
"""

from domain.times import format_instant
from projections.database import Connection
from projections.errors import BrokenLogError
from projections.log.merkle import (
    HASH_BYTES,
    ReadHash,
    consistency_proof,
    fold_hashes,
    inclusion_proof,
    leaf_hash,
    root_hash,
)
from projections.log.tiles import TILE_BYTES, TILE_WIDTH, Tile, encode_bundle, parse_path

# Of each tile the widest: narrower ones are its beginnings. The size of the tree is what level 0 holds.
TABLES = (
    """
    CREATE TABLE log_tiles (
      level INTEGER NOT NULL,
      tile INTEGER NOT NULL,
      hashes BLOB NOT NULL,
      PRIMARY KEY (level, tile)
    ) STRICT
    """,
)

_AT_ONCE = 16 * TILE_WIDTH
"""So many events at most are held in memory, however many there are to be integrated."""
_NEVER_US = -(1 << 63)
"""Before every instant that an event may be recorded at."""


def integrate(connection: Connection, upto: int) -> None:
    """Append the entries of the events up to a position that the tree lacks, in the transaction under way.

    However the events are cut into calls, the tables are the same. Raises BrokenLogError where an event is missing
    or recorded before the one ahead of it, and where the last one in the tree is no longer that of the ledger.
    """
    tree_size = read_size(connection)
    recorded_us = _last_recorded_us(connection, tree_size) if 0 < tree_size < upto else _NEVER_US
    while tree_size < upto:
        end = min(upto, (tree_size // _AT_ONCE + 1) * _AT_ONCE)
        hashes, recorded_us = _hash_events(connection, tree_size, end, recorded_us)
        _append(connection, tree_size, hashes)
        tree_size = end


def read_size(connection: Connection) -> int:
    """Return how many entries the tree has."""
    row = connection.execute(
        "SELECT tile, length(hashes) FROM log_tiles WHERE level = 0 ORDER BY tile DESC LIMIT 1"
    ).fetchone()
    return 0 if row is None else int(row[0]) * TILE_WIDTH + int(row[1]) // HASH_BYTES


def encode_entry(event_sha256: bytes, recorded_us: int) -> bytes:
    """Return the entry of an event: canonical JSON of its digest and its time."""
    # Written out, as these members and values need no escaping: a tenth of the time.
    return f'{{"event_sha256":"{event_sha256.hex()}","recorded_at":"{format_instant(recorded_us)}"}}'.encode()


def read_entries(connection: Connection, first: int, count: int) -> list[bytes]:
    """Return the entries from a leaf index on, fewer at the end of the ledger."""
    rows = connection.execute(
        """
        SELECT event_sha256, recorded_us
        FROM ledger.stored_events
        WHERE position > ? AND position <= ?
        ORDER BY position
        """,
        (first, first + count),
    ).fetchall()
    return [encode_entry(digest, recorded_us) for digest, recorded_us in rows]


def hash_reader(connection: Connection) -> ReadHash:
    """Return what reads the hashes of the tree as it is stored now; it remembers tiles, so use it for one answer.

    It raises BrokenLogError where a hash that the tree must have is not there.
    """
    tiles: dict[tuple[int, int], bytes] = {}

    def read_hash(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, 8)
        tile, first = divmod(index << height, TILE_WIDTH)
        if (tile_level, tile) not in tiles:
            tiles[tile_level, tile] = _read_tile(connection, tile_level, tile)
        hashes = tiles[tile_level, tile][first * HASH_BYTES : (first + (1 << height)) * HASH_BYTES]
        if len(hashes) != HASH_BYTES << height:
            raise BrokenLogError((index << level) + 1, f"tile {tile} of level {tile_level} lacks hashes")
        return fold_hashes(hashes)

    return read_hash


def root_at(connection: Connection, tree_size: int) -> bytes:
    """Return the root of the tree of the first entries. Raises ValueError where there are not so many yet."""
    _check_size(connection, tree_size)
    return root_hash(tree_size, hash_reader(connection))


def inclusion_at(connection: Connection, leaf_index: int, tree_size: int) -> list[bytes]:
    """Return the proof that an entry is in the tree of a size. Raises ValueError where either is not there."""
    _check_size(connection, tree_size)
    return inclusion_proof(leaf_index, tree_size, hash_reader(connection))


def consistency_at(connection: Connection, old_size: int, new_size: int) -> list[bytes]:
    """Return the proof that one tree is the beginning of another. Raises ValueError where there are no such trees."""
    _check_size(connection, new_size)
    return consistency_proof(old_size, new_size, hash_reader(connection))


def tile_at(connection: Connection, path: str, published_size: int) -> bytes | None:
    """Return the hashes of a tile by its path; None for what is no tile of hashes of the published tree."""
    tile = _published(path, published_size)
    if tile is None or tile.level is None:
        return None
    hashes = _read_tile(connection, tile.level, tile.index)[: tile.width * HASH_BYTES]
    return hashes if len(hashes) == tile.width * HASH_BYTES else None


def bundle_at(connection: Connection, path: str, published_size: int) -> bytes | None:
    """Return a bundle of entries by its path; None for what is no bundle of the published tree."""
    tile = _published(path, published_size)
    if tile is None or tile.level is not None:
        return None
    entries = read_entries(connection, tile.first, tile.width)
    return encode_bundle(entries) if len(entries) == tile.width else None


def _published(path: str, published_size: int) -> Tile | None:
    tile = parse_path(path)
    return tile if tile is not None and tile.is_within(published_size) else None


def _check_size(connection: Connection, tree_size: int) -> None:
    if tree_size > (stored := read_size(connection)):
        raise ValueError(f"the log has {stored} entries, not {tree_size}")


def _last_recorded_us(connection: Connection, tree_size: int) -> int:
    """Return when the last event that was integrated was recorded, having seen that the ledger still has it."""
    row = connection.execute(
        "SELECT event_sha256, recorded_us FROM ledger.stored_events WHERE position = ?", (tree_size,)
    ).fetchone()
    if row is None:
        raise BrokenLogError(tree_size, "the event is in the log, and is missing from the ledger")
    digest, recorded_us = row
    if leaf_hash(encode_entry(digest, recorded_us)) != hash_reader(connection)(0, tree_size - 1):
        raise BrokenLogError(tree_size, "the event is not the one that is in the log")
    return int(recorded_us)


def _hash_events(connection: Connection, first: int, end: int, recorded_us: int) -> tuple[bytes, int]:
    """Return the leaf hashes of the events after position `first` up to `end`, and when the last was recorded."""
    rows = connection.execute(
        """
        SELECT position, event_sha256, recorded_us
        FROM ledger.stored_events
        WHERE position > ? AND position <= ?
        ORDER BY position
        """,
        (first, end),
    ).fetchall()
    hashes, expected = [], first
    for position, digest, at_us in rows:
        expected += 1
        if position != expected:
            break
        if at_us < recorded_us:
            raise BrokenLogError(position, f"recorded at {format_instant(at_us)}, before the event ahead of it")
        recorded_us = at_us
        hashes.append(leaf_hash(encode_entry(digest, at_us)))
    if len(hashes) != end - first:
        raise BrokenLogError(first + len(hashes) + 1, "the event is missing from the ledger")
    return b"".join(hashes), recorded_us


def _append(connection: Connection, first: int, hashes: bytes) -> None:
    """Add hashes to level 0, which holds `first` of them, and to the levels above those of tiles that they fill."""
    level = 0
    while hashes:
        tile, width = divmod(first, TILE_WIDTH)
        begun = _read_tile(connection, level, tile) if width else b""
        if len(begun) != width * HASH_BYTES:
            raise BrokenLogError((first << 8 * level) + 1, f"tile {tile} of level {level} is not {width} hashes wide")
        grown = begun + hashes
        tiles = [grown[at : at + TILE_BYTES] for at in range(0, len(grown), TILE_BYTES)]
        _write_tiles(connection, level, tile, tiles)
        hashes = b"".join([fold_hashes(each) for each in tiles if len(each) == TILE_BYTES])
        level, first = level + 1, first // TILE_WIDTH


def _read_tile(connection: Connection, level: int, tile: int) -> bytes:
    row = connection.execute("SELECT hashes FROM log_tiles WHERE level = ? AND tile = ?", (level, tile)).fetchone()
    return b"" if row is None else bytes(row[0])


def _write_tiles(connection: Connection, level: int, first: int, tiles: list[bytes]) -> None:
    connection.executemany(
        """
        INSERT INTO log_tiles (level, tile, hashes)
        VALUES (?, ?, ?)
        ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes
        """,
        [(level, tile, hashes) for tile, hashes in enumerate(tiles, start=first)],
    )
