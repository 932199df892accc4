"""Whose log this is: the origin and key of the settings, which have to be those that the ledger remembers."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from projections.log.checkpoint import VerifierKey
from projections.log.verify.notes import NoteError, open_checkpoint, parse_key
from service.publishing.last_checkpoint import LastCheckpointFile, origin_of
from service.signing import SigningKey, SigningKeyError, create_signing_key, read_signing_key
from service.store.checkpoints import CheckpointStore, KeptCheckpoint, LogIdentity

_HELP = "see `onrecord new-origin` in docs/operations.md"


class OtherLogError(Exception):
    """The settings name another log than the ledger's."""


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the signing key is, and whether it may be made there when it is missing."""

    path: Path
    may_be_made: bool

    @classmethod
    def of(cls, data_dir: Path, signing_key_file: Path | None) -> "KeyPlace":
        """Return the place that the settings name, else one in the data directory."""
        if signing_key_file is not None:
            return cls(signing_key_file, may_be_made=False)
        return cls(data_dir / "log-key.pem", may_be_made=True)

    def read(self) -> SigningKey:
        """Return the key, made if it may be. Raises SigningKeyError."""
        if self.may_be_made and not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return create_signing_key(self.path)
        return read_signing_key(self.path)


@dataclass(frozen=True, slots=True)
class OpenLog:
    """The log in force, and what signs it."""

    identity: LogIdentity
    key: SigningKey
    file: LastCheckpointFile
    retired: tuple[LogIdentity, ...] = ()


def open_log(origin: str, place: KeyPlace, store: CheckpointStore, now_us: int) -> OpenLog:
    """Return the ledger's log, begun if it has none. Raises OtherLogError, SigningKeyError, StoreUnavailableError."""
    if not store.list_logs():
        key = place.read()
        # Another node may be first: then its log is the one to open.
        with suppress(ValueError):
            begun = store.begin_log(origin, VerifierKey(origin, key.public_key).text, now_us)
            return OpenLog(begun, key, LastCheckpointFile(place.path))
    logs = store.list_logs()
    current = logs[-1]
    if current.origin != origin:
        raise OtherLogError(
            f"the ledger's log is {current.origin}, ONRECORD_ORIGIN says {origin}: set it right, or {_HELP}"
        )
    return OpenLog(current, _key_of(current, place), LastCheckpointFile(place.path), tuple(logs[:-1]))


def begin_new_origin(origin: str, place: KeyPlace, store: CheckpointStore, now_us: int) -> LogIdentity:
    """Give the ledger's log up and begin the next one; the last checkpoint of the old one is kept.

    Raises OtherLogError where the origin was used before, SigningKeyError, StoreUnavailableError.
    """
    logs = store.list_logs()
    if not logs:
        raise OtherLogError("the ledger has no log yet: the first start begins it")
    file = LastCheckpointFile(place.path)
    note = file.read()
    if origin in {log.origin for log in logs} or (note and origin_of(note) == origin):
        raise OtherLogError(f"the origin {origin} was used before: set ONRECORD_ORIGIN to one that is new")
    if note is not None:
        _keep_last(note, logs[-1], store, now_us)
    return store.begin_log(origin, VerifierKey(origin, place.read().public_key).text, now_us)


def _key_of(log: LogIdentity, place: KeyPlace) -> SigningKey:
    try:
        key = read_signing_key(place.path)
    except SigningKeyError as error:
        raise SigningKeyError(f"{error}; the key of {log.origin} is needed, put it there or {_HELP}") from error
    if VerifierKey(log.origin, key.public_key).text != log.verifier_key:
        raise OtherLogError(f"{place.path} is not the key of {log.verifier_key}: put that one there, or {_HELP}")
    return key


def _keep_last(note: bytes, log: LogIdentity, store: CheckpointStore, now_us: int) -> None:
    """Keep what the old log has signed last, where a restored database does not know of it."""
    try:
        size = open_checkpoint(note, parse_key(log.verifier_key)).size
    except NoteError:
        return  # of another log, or of another key than was lost
    last = store.last(log.log_id)
    if last is None or last.size < size:
        store.keep(KeptCheckpoint(log_id=log.log_id, size=size, note=note, signed_us=now_us), last)
