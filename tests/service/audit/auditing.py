"""Runs the auditor's verification, and gathers what it finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from projections.log.verify.notes import parse_key
from service.audit.findings import Findings, Violation
from service.audit.progress import Tell
from service.audit.sources import Mirror, Source
from service.audit.state import State
from service.audit.verifying import Verified, verify_ledger
from tests.projections.log.signing import Signer


@contextmanager
def unseen(_: str) -> Iterator[Tell]:
    yield lambda *_: None


def audit(
    source: Source | Path, signer: Signer | None = None, remembered: State | None = None
) -> tuple[list[Violation], tuple[Verified, State] | None]:
    """Return every violation, and what was looked at."""
    found: list[Violation] = []
    read_from = Mirror(source) if isinstance(source, Path) else source
    key = parse_key((signer or Signer()).verifier_key)
    outcome = verify_ledger(read_from, key, remembered, Findings(found.append), unseen)
    return found, outcome


def places(found: list[Violation]) -> list[tuple[str, int | None]]:
    """Return the kinds and positions."""
    return [(each.kind, each.position) for each in found]
