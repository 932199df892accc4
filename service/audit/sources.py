"""Where an audit reads from: a running service, or a mirror of one."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from service.audit.findings import AuditError

Json = dict[str, Any]  # Any: JSON
AUDIENCES = ("public", "staff", "desk")

MANIFEST = "mirror.json"
CHECKPOINT = "checkpoint"
CHECKPOINTS = "checkpoints"
SEEN = "seen"
EVENTS = "events"

_PART_BYTES = 256 * 1024
# A signature, and then what begins the next note.
_NOTE_END = re.compile(rb"\n\xe2\x80\x94 [^\n]*\n(?=[^\n\xe2])")
_POSITION = re.compile(rb'\{"position":([1-9][0-9]{0,17}),')


class Source(Protocol):
    """Answers with bytes that nobody vouches for. Raises AuditError where it cannot answer."""

    @property
    def is_complete(self) -> bool:
        """Whether every event must be there, because its reader may read all."""

    @property
    def can_be_asked_again(self) -> bool:
        """Whether single claims can be asked for, as they are now."""

    def read(self, path: str) -> bytes | None:
        """Return a file of the log, None where there is none."""

    def checkpoints(self) -> Iterator[tuple[str, bytes]]:
        """Yield the checkpoints that were kept, some at a time, with where they were found."""

    def events(self, after: int) -> Iterator[bytes]:
        """Yield the lines of the records after a position, in the order of the ledger."""

    def claims(self, position: int) -> Iterator[Sequence[Json]]:
        """Yield the claims as they are shown as of a position, some at a time."""

    def history(self, claim_id: str) -> Iterator[bytes]:
        """Yield the lines of a claim's records, as they are now."""

    def claim(self, claim_id: str) -> Json | None:
        """Return a claim as it is shown now."""


class Manifest(BaseModel):
    """What a mirror is of."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: str = "onrecord-mirror@1"
    url: str
    audience: str


def position_of(line: bytes) -> int | None:
    """Return the position that a record's line begins with."""
    head = _POSITION.match(line)
    return int(head[1]) if head else None


def whole_notes(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the notes that stand one after another, some at a time, from wherever their bytes were cut."""
    rest = b""
    for part in parts:
        rest += part
        ends = [match.end() for match in _NOTE_END.finditer(rest)]
        if ends:
            yield rest[: ends[-1]]
            rest = rest[ends[-1] :]
    if rest:
        yield rest


def claims_path(folder: Path, size: int) -> Path:
    """Return where a mirror of so many events has what was shown of the claims."""
    return folder / f"claims-{size}.ndjson"


def read_manifest(folder: Path) -> Manifest:
    """Return what a folder is a mirror of. Raises AuditError."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise AuditError(f"{folder} is no mirror: it has no {MANIFEST}") from error
    except ValidationError as error:
        raise AuditError(f"{folder / MANIFEST} is damaged") from error
    if manifest.format != Manifest.model_fields["format"].default:
        raise AuditError(f"{folder} is a mirror of another form: {manifest.format}")
    return manifest


class Mirror:
    """A folder that `onrecord mirror` has made."""

    can_be_asked_again = False

    def __init__(self, folder: Path) -> None:
        """Raise AuditError where the folder is no mirror."""
        self._folder = folder
        self.manifest = read_manifest(folder)
        self.is_complete = self.manifest.audience == AUDIENCES[-1]

    def read(self, path: str) -> bytes | None:
        """Return a file of the log, None where there is none."""
        file = self._folder / path
        return file.read_bytes() if file.is_file() else None

    def checkpoints(self) -> Iterator[tuple[str, bytes]]:
        """Yield the checkpoints that the service had kept, and those that this mirror had before."""
        for path in (self._folder / CHECKPOINTS, *sorted(self._folder.glob(f"{SEEN}/*"))):
            if path.is_file():
                with path.open("rb") as file:
                    for notes in whole_notes(iter(partial(file.read, _PART_BYTES), b"")):
                        yield str(path.relative_to(self._folder)), notes

    def events(self, after: int) -> Iterator[bytes]:
        """Yield the lines of the records after a position, in the order of the ledger."""
        for segment in sorted((self._folder / EVENTS).glob("*.ndjson")):
            with segment.open("rb") as lines:
                yield from (line for line in lines if (position_of(line) or after + 1) > after)

    def claims(self, position: int) -> Iterator[Sequence[Json]]:
        """Yield the claims as they were shown when the mirror was made."""
        path = claims_path(self._folder, position)
        try:
            with path.open("rb") as lines:
                yield from ([json.loads(line)] for line in lines)
        except FileNotFoundError as error:
            raise AuditError(f"{path} is missing: mirror the ledger again") from error

    def history(self, claim_id: str) -> Iterator[bytes]:
        """Raise AuditError: a mirror knows no more than it has shown."""
        raise AuditError(f"a mirror cannot be asked for claim {claim_id} again")

    def claim(self, claim_id: str) -> Json | None:
        """Raise AuditError: a mirror knows no more than it has shown."""
        raise AuditError(f"a mirror cannot be asked for claim {claim_id} again")
