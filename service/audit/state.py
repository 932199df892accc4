"""What an audit remembers from one run to the next: a checkpoint, and the edge of its tree."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from projections.log.verify.notes import NoteError, VerifierKey, open_checkpoint
from projections.log.verify.tower import Tower
from service.audit.findings import AuditError


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["onrecord-verify-state@1"] = "onrecord-verify-state@1"
    checkpoint: str
    recorded_at: str
    edge: list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far a log was verified: the signed checkpoint, the tree's edge there, the instant of its last entry."""

    checkpoint: bytes
    size: int
    root: bytes
    edge: list[list[bytes]]
    recorded_at: str


def read_state(path: Path, key: VerifierKey) -> State | None:
    """Return what a file remembers, None where there is none yet. Raises AuditError."""
    try:
        file = _File.model_validate_json(path.read_bytes())
        checkpoint = open_checkpoint(file.checkpoint.encode(), key)
        edge = [[bytes.fromhex(each) for each in level] for level in file.edge]
    except FileNotFoundError:
        return None
    except NoteError as error:
        raise AuditError(f"{path} remembers another log, or is damaged: {error}") from error
    except (ValidationError, ValueError) as error:
        raise AuditError(f"{path} is no state of `onrecord verify`, or is damaged") from error
    if Tower(lambda *_: None, edge).root() != checkpoint.root:
        raise AuditError(f"{path} is damaged: its tree does not lead to its checkpoint")
    return State(
        checkpoint=file.checkpoint.encode(),
        size=checkpoint.size,
        root=checkpoint.root,
        edge=edge,
        recorded_at=file.recorded_at,
    )


def write_state(path: Path, state: State) -> None:
    """Write what to remember: the old or the new, never a half."""
    edge = [[each.hex() for each in level] for level in state.edge]
    file = _File(checkpoint=state.checkpoint.decode(), recorded_at=state.recorded_at, edge=edge)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(file.model_dump_json() + "\n", encoding="utf-8")
    partial.replace(path)
