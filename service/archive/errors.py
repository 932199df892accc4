"""What keeps an archive from being written or read."""

from dataclasses import dataclass


class ArchiveError(Exception):
    """It can not be done here: the folder is not empty, or no archive, or of a newer release."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Where something is wrong, and what; a line or position that is not known is None."""

    file: str
    line: int | None
    position: int | None
    what: str

    def __str__(self) -> str:
        places = (("line", self.line), ("position", self.position))
        return ", ".join([self.file, *(f"{name} {number}" for name, number in places if number is not None)]) + (
            f": {self.what}"
        )


class DamagedError(Exception):
    """The archive, or the ledger that is to be archived, is not what was recorded."""

    def __init__(self, damage: Damage) -> None:
        super().__init__(str(damage))
        self.damage = damage
