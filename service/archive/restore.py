"""Reads an archive into an empty ledger, and takes nothing of it unless all of it is right."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from service.archive.backup import Progress
from service.archive.chain import Chain
from service.archive.errors import ArchiveError, Damage, DamagedError
from service.archive.format import (
    EVENTS,
    FORMAT_VERSION,
    KEYS,
    LOG,
    MANIFEST,
    FileName,
    KeyLine,
    Manifest,
    Signature,
    decode_entry,
    describe,
)
from service.archive.log_lines import LogChain, decode_record
from service.store.whole import EmptyLedger, OpenEmpty, StoredKey

_REPORTED_EVERY = 500
_LONGEST_LINE_BYTES = 4 * 1024 * 1024


def read_manifest(folder: Path) -> Manifest:
    """Return what an archive says it holds. Raises ArchiveError, DamagedError."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise ArchiveError(f"{folder} has no {MANIFEST}: it is no archive, or its backup was not finished") from error
    try:
        version = Signature.model_validate_json(text).format_version
        if version > FORMAT_VERSION:
            raise ArchiveError(f"{folder} is of format {version}, this release knows {FORMAT_VERSION}: upgrade it")
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise _damaged(MANIFEST, None, None, describe(error)) from error


def restore(open_empty: OpenEmpty, folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Write every event and key of an archive, and what was signed, into an empty ledger, as they are, durably.

    Raises DamagedError, which tells the place; then, as with any other error, the ledger stays empty.
    """
    try:
        with open_empty() as ledger:
            _restore_events(ledger, folder, manifest, progress)
            _restore_keys(ledger, folder, manifest)
            if LOG in manifest.files:
                _restore_log(ledger, folder, manifest)
    except ValueError as error:
        # The database checks what it was handed when it comes to it: which line it was is not told.
        raise _damaged(EVENTS, None, None, str(error)) from error


def _restore_events(ledger: EmptyLedger, folder: Path, manifest: Manifest, progress: Progress) -> None:
    chain = Chain(ledger.find_digest)

    def take(line: bytes) -> None:
        entry = decode_entry(line)
        chain.add(entry)
        ledger.add_event(entry.row)
        if chain.position % _REPORTED_EVERY == 0:
            progress(chain.position, manifest.events)

    for number, line in _lines(folder, EVENTS, manifest):
        _take(take, line, EVENTS, number, chain.position + 1)
    found = (chain.position, chain.position, chain.erased, chain.last_recorded_at, chain.running_digest)
    said = (
        manifest.events,
        manifest.last_position,
        manifest.erased,
        manifest.last_recorded_at,
        manifest.running_digest,
    )
    if found != said:
        raise _damaged(MANIFEST, None, None, f"it does not tell of the {chain.position} events in {EVENTS}")
    progress(chain.position, manifest.events)


def _restore_keys(ledger: EmptyLedger, folder: Path, manifest: Manifest) -> None:
    count = 0
    for number, line in _lines(folder, KEYS, manifest):
        _take(lambda text: ledger.add_key(_read_key(text)), line, KEYS, number, None)
        count += 1
    if count != manifest.keys:
        raise _damaged(MANIFEST, None, None, f"it tells of {manifest.keys} keys, {KEYS} has {count}")


def _restore_log(ledger: EmptyLedger, folder: Path, manifest: Manifest) -> None:
    chain = LogChain()

    def take(line: bytes) -> None:
        record = decode_record(line)
        chain.add(record)
        ledger.add_log_record(record)

    for number, line in _lines(folder, LOG, manifest):
        _take(take, line, LOG, number, None)
    if chain.checkpoints != manifest.checkpoints:
        raise _damaged(
            MANIFEST, None, None, f"it tells of {manifest.checkpoints} checkpoints, {LOG} has {chain.checkpoints}"
        )


def _take(take: Callable[[bytes], None], line: bytes, file: str, number: int, position: int | None) -> None:
    try:
        take(line)
    except ValueError as error:
        raise _damaged(file, number, position, str(error)) from error


def _read_key(line: bytes) -> StoredKey:
    try:
        return KeyLine.model_validate_json(line).to_key()
    except ValidationError as error:
        raise ValueError(describe(error)) from error


def _lines(folder: Path, name: FileName, manifest: Manifest) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers. Raises DamagedError at the end of one that was altered."""
    summary = manifest.files[name]
    digest, size_bytes, number = sha256(), 0, 0
    try:
        with (folder / name).open("rb") as file:
            while line := file.readline(_LONGEST_LINE_BYTES):
                number += 1
                digest.update(line)
                size_bytes += len(line)
                yield number, line
    except FileNotFoundError as error:
        raise _damaged(name, None, None, "the file is missing") from error
    if size_bytes != summary.size_bytes:
        raise _damaged(
            name, number, None, f"it ends here with {size_bytes} bytes, the manifest tells of {summary.size_bytes}"
        )
    if digest.hexdigest() != summary.sha256:
        raise _damaged(name, None, None, "its SHA-256 is not the one in the manifest")


def _damaged(file: str, line: int | None, position: int | None, what: str) -> DamagedError:
    return DamagedError(Damage(file, line, position, what))
