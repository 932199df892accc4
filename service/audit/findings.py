"""What an audit finds wrong, one line each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "checkpoint", "entry", "event", "fork", "missing", "order", "previous", "proof", "recorded_at", "rollback", "root",
    "signature", "standing", "tile", "version",
]  # fmt: skip
"""What may be wrong; `docs/auditing.md` says what each one means."""


class AuditError(Exception):
    """What could not be checked, and why, in one line."""


class GaveUpError(Exception):
    """What was found is so wrong that there is nothing to compare the rest with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something that is not as it must be: at which position, or where else, what was found, what was expected."""

    kind: Kind
    found: str
    expected: str
    position: int | None = None
    where: str | None = None

    def __str__(self) -> str:
        places = [f"position {self.position}" if self.position else None, self.where]
        place = ", ".join(each for each in places if each)
        return f"{place or 'ledger'}: {self.kind}: found {self.found}, expected {self.expected}"


class Findings:
    """Hears of every violation; counts them, and hands the first ones on to be told."""

    def __init__(self, tell: Callable[[Violation], None], told_at_most: int = 1000) -> None:
        self.count = 0
        self._tell = tell
        self._told_at_most = told_at_most

    def add(self, violation: Violation) -> None:
        """Take note of a violation."""
        self.count += 1
        # Where all is wrong, a line for each of a million events helps nobody.
        if self.count <= self._told_at_most:
            self._tell(violation)
