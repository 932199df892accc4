"""Writes a ledger into an archive, checking each event on the way: what can not be restored is no backup."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from domain.times import format_instant
from service.archive.chain import Chain
from service.archive.errors import ArchiveError, Damage, DamagedError
from service.archive.format import (
    EVENTS,
    KEYS,
    LOG,
    MANIFEST,
    FileName,
    FileSummary,
    KeyLine,
    Manifest,
    decode_entry,
    encode_entry,
    encode_object,
)
from service.archive.log_lines import LogChain, encode_record
from service.store.checkpoints import LogRecord
from service.store.mapper import LedgerEvent
from service.store.whole import OpenSnapshot, Snapshot

Progress = Callable[[int, int], None]
"""Hears how many events are done, of how many."""

_PARTIAL = ".partial"
_REPORTED_EVERY = 500


def backup(open_snapshot: OpenSnapshot, folder: Path, now_us: int, progress: Progress) -> Manifest:
    """Write an archive of a ledger as it is now, durably, and return its manifest.

    A folder with a manifest is whole: that comes last. Raises ArchiveError where the folder has anything in
    it, DamagedError where the ledger contradicts itself, and what the store raises.
    """
    with open_snapshot() as snapshot, _files_in(folder) as (events, keys, log, manifest):
        chain = Chain(snapshot.find_digest)
        for row in snapshot.read_events():
            events.write(_checked(chain, row))
            if chain.position % _REPORTED_EVERY == 0:
                progress(chain.position, snapshot.head)
        key_count = 0
        for key in snapshot.read_keys():
            keys.write(encode_object(KeyLine.of(key)))
            key_count += 1
        signed = LogChain()
        for record in snapshot.read_log():
            log.write(_checked_record(signed, record))
        progress(chain.position, snapshot.head)
        files = {EVENTS: events.close(), KEYS: keys.close(), LOG: log.close()}
        made = _manifest(snapshot, chain, (key_count, signed.checkpoints), now_us, files)
        manifest.write(encode_object(made))
        manifest.close()
        return made


class _File:
    """A file under a temporary name, and the digest of what was written to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(path.name + _PARTIAL)
        # Who may read the folder may not read what is confidential in it.
        number = os.open(self.partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(number, "wb", buffering=1024 * 1024)
        self._sha256 = sha256()
        self._size_bytes = 0

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self._sha256.update(line)
        self._size_bytes += len(line)

    def close(self) -> FileSummary:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return FileSummary(size_bytes=self._size_bytes, sha256=self._sha256.hexdigest())

    def discard(self) -> None:
        self._file.close()
        self.partial.unlink(missing_ok=True)


@contextmanager
def _files_in(folder: Path) -> Iterator[tuple[_File, _File, _File, _File]]:
    """Yield the files of an archive; they get their names when all is written, the manifest last."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # What a backup that was killed has left is written anew.
    if any(path.suffix != _PARTIAL for path in folder.iterdir()):
        raise ArchiveError(f"{folder} is not empty: name a new folder")
    files = (_File(folder / EVENTS), _File(folder / KEYS), _File(folder / LOG), _File(folder / MANIFEST))
    try:
        yield files
        for file in files:
            file.partial.rename(file.path)
            _sync(folder)
    finally:
        for file in files:
            file.discard()


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _checked(chain: Chain, row: LedgerEvent) -> bytes:
    """Return the line of a row that a restore will take."""
    try:
        line = encode_entry(row)
        entry = decode_entry(line)
        chain.add(entry)
    except ValueError as error:
        raise _damaged(row, str(error)) from error
    if entry.row != row:
        raise _damaged(row, "the columns of the row are not those of its event")
    return line


def _checked_record(chain: LogChain, record: LogRecord) -> bytes:
    try:
        chain.add(record)
    except ValueError as error:
        raise DamagedError(Damage("the ledger", None, None, str(error))) from error
    return encode_record(record)


def _damaged(row: LedgerEvent, what: str) -> DamagedError:
    return DamagedError(Damage("the ledger", None, row.position, what))


def _manifest(
    snapshot: Snapshot, chain: Chain, counts: tuple[int, int], now_us: int, files: dict[FileName, FileSummary]
) -> Manifest:
    return Manifest(
        engine=snapshot.engine,
        schema_version=snapshot.schema_version,
        made_at=format_instant(now_us),
        events=chain.position,
        erased=chain.erased,
        keys=counts[0],
        checkpoints=counts[1],
        last_position=chain.position,
        last_recorded_at=chain.last_recorded_at,
        running_digest=chain.running_digest,
        files=files,
    )
