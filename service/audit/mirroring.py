"""Copies a ledger into a folder: its log as files that any tool can serve, its events in segments, its claims.

What is there already is not asked for again, and the checkpoint gets its name last: until then it is a mirror of the
size that it had before.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from projections.log.verify.layout import TILE_WIDTH, Bundle, Tile, bundles_of, tiles_of
from service.audit.findings import AuditError, Findings, GaveUpError, Violation
from service.audit.http_source import HttpSource
from service.audit.progress import Progress
from service.audit.records import parse_record
from service.audit.segments import append_records, last_position, replace_records, write_atomically
from service.audit.sources import (
    CHECKPOINT,
    CHECKPOINTS,
    MANIFEST,
    SEEN,
    Manifest,
    claims_path,
    position_of,
    read_manifest,
)

_CHANGES = (b'"type":"EventErased"', b'"type":"EventReclassified"')


def mirror_ledger(source: HttpSource, folder: Path, manifest: Manifest, findings: Findings, progress: Progress) -> int:
    """Bring a folder up to date, made where it is missing, and return how many events it is a mirror of.

    Raises AuditError, GaveUpError where the service has less than the mirror, or another history.
    """
    _prepare(folder, manifest)
    note = source.read(CHECKPOINT)
    if note is None:
        raise AuditError("the service has no checkpoint: it has no log")
    size, _ = _head_of(note)
    _check_growth(folder, note, findings)
    with progress("tiles") as tell:
        for done, piece in enumerate(_pieces(size), 1):
            _fetch(source, folder, piece)
            tell(done, None)
    with progress("events") as tell:
        changed: set[str] = set()
        append_records(folder, _new_records(source, last_position(folder), size, changed))
        replace_records(folder, {event_id: _record(source, event_id) for event_id in sorted(changed)})
        tell(size, size)
    with progress("claims") as tell:
        write_atomically(claims_path(folder, size), _claims(source, size))
    _finish(source, folder, note, size)
    return size


def _prepare(folder: Path, manifest: Manifest) -> None:
    if folder.exists() and any(folder.iterdir()):
        found = read_manifest(folder)
        if found != manifest:
            raise AuditError(f"{folder} is a mirror of {found.url} as {found.audience} reads it: take another folder")
    else:
        write_atomically(folder / MANIFEST, [manifest.model_dump_json().encode()])


def _head_of(note: bytes) -> tuple[int, str]:
    """Return size and root of a checkpoint whose signature nobody has looked at."""
    try:
        _, size, root, *_ = note.decode().split("\n")
        return int(size), root
    except ValueError as error:
        raise AuditError("the service's checkpoint is none: it has no size and root") from error


def _check_growth(folder: Path, note: bytes, findings: Findings) -> None:
    before = folder / CHECKPOINT
    if not before.exists():
        return
    (old_size, old_root), (size, root) = _head_of(before.read_bytes()), _head_of(note)
    where = f"the mirror in {folder}"
    if size < old_size:
        found, expected = f"a checkpoint of {size} entries", f"{old_size} at least"
        findings.add(Violation(kind="rollback", where=where, found=found, expected=expected))
        raise GaveUpError
    if size == old_size and root != old_root:
        found, expected = f"root {root}", f"{old_root} at size {size}"
        findings.add(Violation(kind="fork", where=where, found=found, expected=expected))
        raise GaveUpError


def _pieces(size: int) -> Iterator[Tile | Bundle]:
    yield from tiles_of(size)
    yield from bundles_of(size)


def _fetch(source: HttpSource, folder: Path, piece: Tile | Bundle) -> None:
    path = folder / piece.path
    if path.exists():
        return
    body = source.read(piece.path)
    if body is None:
        raise AuditError(f"/log/{piece.path} is missing: the service does not serve all of its log")
    write_atomically(path, [body])
    if piece.width == TILE_WIDTH:
        # The beginnings of what is whole now.
        shutil.rmtree(path.with_name(path.name + ".p"), ignore_errors=True)


def _new_records(source: HttpSource, after: int, size: int, changed: set[str]) -> Iterator[tuple[int, bytes]]:
    """Yield the records up to a size, and note the events whose readers, or whose bytes, are others from there on."""
    for line in source.events(after) if after < size else ():
        position = position_of(line)
        if position is None:
            raise AuditError(f"a line of the service's events is no record: {line[:80]!r}")
        if position > size:
            return
        if any(change in line for change in _CHANGES):
            target = parse_record(line).members.get("data", {}).get("target_event_id")
            changed.update([target] if target else [])
        yield position, line


def _record(source: HttpSource, event_id: str) -> bytes | None:
    body = source.record(event_id)
    return None if body is None else body + b"\n"


def _claims(source: HttpSource, size: int) -> Iterator[bytes]:
    for page in source.claims(size):
        yield from (json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in page)


def _finish(source: HttpSource, folder: Path, note: bytes, size: int) -> None:
    write_atomically(folder / CHECKPOINTS, (notes for _, notes in source.checkpoints()))
    before = folder / CHECKPOINT
    if before.exists():
        # Who rewrites history, and signs it again, is found out by what was signed before.
        old = before.read_bytes()
        write_atomically(folder / SEEN / f"{_head_of(old)[0]:012}", [old])
    os.sync()
    write_atomically(before, [note])
    for claims in folder.glob("claims-*.ndjson"):
        if claims != claims_path(folder, size):
            claims.unlink()
