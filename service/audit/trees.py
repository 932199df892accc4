"""Compares what a log serves with the tree that its entries make."""

from collections.abc import Iterator, Sequence
from typing import NoReturn

from projections.log.verify.layout import (
    TILE_WIDTH,
    Bundle,
    Entry,
    LayoutError,
    Tile,
    bundles_of,
    parse_entry,
    split_bundle,
    split_tile,
)
from projections.log.verify.notes import Checkpoint, NoteError, VerifierKey, open_checkpoint, split_notes
from projections.log.verify.tower import Tower
from projections.log.verify.tree import leaf_hash
from service.audit.findings import Findings, GaveUpError, Kind, Violation
from service.audit.sources import Source
from service.audit.spool import Placed, Spool

_SUSPECTS_AT_MOST = 1000
_TILES_KEPT = 256


class TreeAudit:
    """Takes the entries of a log in, one after another, up to the size of its checkpoint."""

    def __init__(
        self, source: Source, checkpoint: Checkpoint, findings: Findings, edge: Sequence[Sequence[bytes]] = ()
    ):
        """Begin at the start, or at the edge of a tree that was found right before."""
        self._source = source
        self._checkpoint = checkpoint
        self._findings = findings
        self._tower = Tower(self._compare, edge)
        self._begun_at = self._tower.size
        self._suspects: list[tuple[Tile, int, bytes, bytes]] = []
        self._read: dict[Tile, list[bytes]] = {}

    @property
    def edge(self) -> list[list[bytes]]:
        """Where the tree has come to."""
        return self._tower.edge

    def entries(self, passed: Iterator[Placed]) -> Iterator[tuple[int, Entry | None, bytes]]:
        """Yield position, entry and leaf hash of all that is in the log, None for what is no entry of an event.

        `passed` are checkpoints that the tree goes through, by their sizes. Raises GaveUpError.
        """
        due = next(passed, None)
        for position, entry, leaf in self._leaves():
            while due is not None and due.size < position:
                self._check_passed(due)
                due = next(passed, None)
            self._tower.append(leaf)
            yield position, None if entry is None else self._parsed(position, entry), leaf
        while due is not None:
            self._check_passed(due)
            due = next(passed, None)
        self._finish()

    def holds(self, position: int, entry: bytes) -> bool:
        """Tell whether the tree of the checkpoint has this entry: for what was read before the tree began here."""
        try:
            return self._tower.holds(position - 1, leaf_hash(entry), self._read_tile)
        except LayoutError:
            return False

    def _read_tile(self, tile: Tile) -> list[bytes]:
        # What is asked for lies close together: the events of one claim.
        if tile not in self._read:
            if len(self._read) >= _TILES_KEPT:
                self._read.clear()
            self._read[tile] = split_tile(self._source.read(tile.path) or b"", tile.width)
        return self._read[tile]

    def _leaves(self) -> Iterator[tuple[int, bytes | None, bytes]]:
        known = self._tower.edge[0] if self._begun_at % TILE_WIDTH else []
        for bundle in bundles_of(self._checkpoint.size, self._begun_at // TILE_WIDTH):
            first = bundle.index * TILE_WIDTH + 1
            for position, (entry, leaf) in enumerate(self._read_bundle(bundle), first):
                if position > self._begun_at:
                    yield position, entry, leaf
                elif leaf != known[position - first]:
                    expected = "the entry that was verified before"
                    self._add("fork", position, f"an entry with the hash {leaf.hex()}", expected)

    def _read_bundle(self, bundle: Bundle) -> list[tuple[bytes | None, bytes]]:
        """Return entries and their leaf hashes; where the bundle is not there, the hashes that its tile has."""
        body = self._source.read(bundle.path)
        try:
            if body is not None:
                return [(entry, leaf_hash(entry)) for entry in split_bundle(body, bundle.width)]
            found = "nothing"
        except LayoutError as error:
            found = str(error)
        expected = f"{bundle.width} entries from position {bundle.index * TILE_WIDTH + 1} on"
        self._findings.add(Violation(kind="missing", where=bundle.path, found=found, expected=expected))
        tile = Tile(0, bundle.index, bundle.width)
        try:
            return [(None, leaf) for leaf in split_tile(self._source.read(tile.path) or b"", tile.width)]
        except LayoutError as error:
            self._give_up(tile.path, str(error), f"a tile of {tile.width} hashes")

    def _give_up(self, where: str, found: str, expected: str) -> NoReturn:
        self._findings.add(Violation(kind="missing", where=where, found=found, expected=expected))
        raise GaveUpError

    def _parsed(self, position: int, entry: bytes) -> Entry | None:
        try:
            return parse_entry(entry)
        except LayoutError:
            self._add("entry", position, repr(entry[:120].decode(errors="replace")), "an entry of an event")
            return None

    def _add(self, kind: Kind, position: int, found: str, expected: str) -> None:
        self._findings.add(Violation(kind=kind, position=position, found=found, expected=expected))

    def _check_passed(self, passed: Placed) -> None:
        size = self._tower.size
        if passed.size < self._begun_at:
            return
        if passed.size > size:
            found, expected = f"a checkpoint of {size} entries", f"{passed.size} at least, as signed before"
            self._findings.add(Violation(kind="rollback", where=passed.where, found=found, expected=expected))
        elif (root := self._tower.root()) != passed.root:
            found, expected = f"root {root.hex()} at size {size}", f"{passed.root.hex()}, as signed before"
            self._findings.add(Violation(kind="fork", where=passed.where, found=found, expected=expected))

    def _compare(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        served = self._source.read(tile.path)
        if served == b"".join(hashes):
            return
        if served is None or len(served) != len(hashes) * 32:
            found = "nothing" if served is None else f"{len(served)} bytes"
            self._findings.add(
                Violation(kind="missing", where=tile.path, found=found, expected=f"a tile of {tile.width} hashes")
            )
            return
        for place, (found_hash, hash_) in enumerate(zip(split_tile(served, tile.width), hashes, strict=True)):
            if found_hash != hash_ and len(self._suspects) < _SUSPECTS_AT_MOST:
                self._suspects.append((tile, place, found_hash, hash_))

    def _finish(self) -> None:
        self._tower.finish()
        root = self._tower.root()
        is_right = root == self._checkpoint.root
        if not is_right:
            found, expected = f"root {root.hex()} of the entries", f"{self._checkpoint.root.hex()}, as signed"
            self._findings.add(Violation(kind="root", where="checkpoint", found=found, expected=expected))
        # Either the entries lead to what is signed, and the tiles are wrong, or they do not, and the tiles say where.
        tell = _tile_wrong if is_right else _entry_wrong
        for suspect in self._suspects:
            self._findings.add(tell(*suspect))


def open_signed(note: bytes | None, key: VerifierKey, findings: Findings) -> Checkpoint:
    """Return the checkpoint that a log serves. Raises GaveUpError where the key has not signed it."""
    if note is None:
        findings.add(Violation(kind="missing", where="checkpoint", found="nothing", expected="a signed checkpoint"))
        raise GaveUpError
    try:
        return open_checkpoint(note, key)
    except NoteError as error:
        expected = f"a checkpoint signed by {key.name}+{key.key_id.hex()}"
        findings.add(Violation(kind="signature", where="checkpoint", found=str(error), expected=expected))
        raise GaveUpError from error


def collect_checkpoints(source: Source, key: VerifierKey, spool: Spool, findings: Findings) -> int:
    """Put aside every checkpoint that this key has signed before, and return how many there are."""
    count = 0
    for where, notes in source.checkpoints():
        try:
            for note in split_notes(notes):
                # A log that was given up, its key lost or its tree rolled back, had another name: not ours to judge.
                if note.startswith(f"{key.name}\n".encode()):
                    checkpoint = open_checkpoint(note, key)
                    spool.add_checkpoint(Placed(checkpoint.size, checkpoint.root, f"{where}, size {checkpoint.size}"))
                    count += 1
        except NoteError as error:
            expected = f"checkpoints signed by {key.name}+{key.key_id.hex()}"
            findings.add(Violation(kind="signature", where=where, found=str(error), expected=expected))
    return count


def _tile_wrong(tile: Tile, place: int, served: bytes, computed: bytes) -> Violation:
    first, last = _positions(tile, place)
    where = f"{tile.path} hash {place}"
    where += "" if first == last else f", positions {first} to {last}"
    position = first if first == last else None
    return Violation(kind="tile", position=position, where=where, found=served.hex(), expected=computed.hex())


def _entry_wrong(tile: Tile, place: int, served: bytes, computed: bytes) -> Violation:
    first, last = _positions(tile, place)
    where = None if first == last else f"positions {first} to {last}"
    position = first if first == last else None
    expected = f"{served.hex()}, as {tile.path} has it"
    return Violation(kind="entry", position=position, where=where, found=f"hash {computed.hex()}", expected=expected)


def _positions(tile: Tile, place: int) -> tuple[int, int]:
    span = 1 << 8 * tile.level
    first = (tile.index * TILE_WIDTH + place) * span
    return first + 1, first + span
