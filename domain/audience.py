"""Who may read an event: one number a reader, one predicate for every read path.

Each audience sees what the ones before it see: the public, then staff, then the desk.
"""

from typing import NamedTuple

from domain.events import EventReclassified
from domain.times import parse_instant
from domain.values import Classification

PUBLIC, STAFF, DESK = 0, 1, 2
AUDIENCES = (PUBLIC, STAFF, DESK)
CLASSIFICATIONS: tuple[Classification, ...] = ("public", "internal", "confidential")


class Visibility(NamedTuple):
    """The classification of an event, as the audience that it is for, and the embargo that still holds."""

    level: int
    embargo_us: int | None = None

    @property
    def audience(self) -> int:
        """The first audience that sees the event: an embargoed one is read by staff only."""
        return max(self.level, STAFF) if self.embargo_us is not None else self.level

    @property
    def breadth(self) -> tuple[int, int]:
        """Orders visibilities from the widest to the narrowest; an embargo narrows what is public only."""
        return (self.level, self.embargo_us or 0) if self.level == PUBLIC else (self.level, 0)

    def covers(self, other: "Visibility") -> bool:
        """Tell whether everyone who can read `other` can read this, now and after any embargo."""
        return self.breadth <= other.breadth


# Most events of a ledger share these, rather than have one each.
_WITHOUT_EMBARGO = tuple(Visibility(level) for level in AUDIENCES)


def visibility(classification: Classification | None, embargo_until: str | None, at_us: int) -> Visibility:
    """Return the visibility of a classification (default public) and an embargo, as of an instant.

    An embargo that has passed then has no effect.
    """
    level = CLASSIFICATIONS.index(classification or "public")
    if embargo_until is None:
        return _WITHOUT_EMBARGO[level]
    embargo_us = parse_instant(embargo_until)
    return Visibility(level, embargo_us if embargo_us > at_us else None)


def reclassify(before: Visibility, event: EventReclassified) -> Visibility:
    """Return the visibility of the target after a reclassification: what it does not name stays."""
    level = before.level
    if event.data.classification is not None:
        level = CLASSIFICATIONS.index(event.data.classification)
    if "embargo_until" not in event.data.model_fields_set:
        return Visibility(level, before.embargo_us)
    until = event.data.embargo_until
    return Visibility(level, None if until is None else parse_instant(until))
