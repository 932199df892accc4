"""Who may post what."""

from contextlib import suppress

from pydantic import ValidationError

from domain.claim import Claim
from domain.commands import Poster, Surroundings
from domain.correction import apply_patch, corrected_target
from domain.errors import RoleForbidsError
from domain.events import (
    ClaimAssessed,
    ClaimConfirmed,
    Event,
    EventCorrected,
    EventErased,
    EventReclassified,
    EventRetracted,
)
from domain.noting import Entry


def check_role(claim: Claim, event: Event, poster: Poster, at: Surroundings) -> None:
    """Raise RoleForbidsError where the poster's role does not allow the event."""
    if poster.role == "auditor":
        raise RoleForbidsError("an auditor reads, and appends nothing")
    if event.recorded_at is not None and poster.role != "importer":
        raise RoleForbidsError("only an importer may set recorded_at")
    if isinstance(event, EventErased) and poster.role != "admin":
        raise RoleForbidsError("only an admin may erase")
    if poster.role == "reporter":
        _check_reporter(claim, event, poster, at)


def _check_reporter(claim: Claim, event: Event, poster: Poster, at: Surroundings) -> None:
    _check_assertion(claim, event, poster)
    if isinstance(event, EventReclassified):
        raise RoleForbidsError("EventReclassified needs the editor role")
    if not isinstance(event, EventCorrected | EventRetracted):
        return
    target = claim.find(event.data.target_event_id, poster.audience)
    if target is None or target.is_erased:
        return
    _check_own(target, poster, "correcting or retracting another's event")
    if isinstance(event, EventCorrected) and target.type in ("ClaimAssessed", "ClaimConfirmed"):
        before = corrected_target(claim, target.event_id, poster.audience, at.read)
        with suppress(ValidationError):  # what is no event is refused as that, later on
            _check_assertion(claim, apply_patch(before, event.data.patch), poster)


def _check_assertion(claim: Claim, event: Event, poster: Poster) -> None:
    if isinstance(event, ClaimConfirmed):
        raise RoleForbidsError("ClaimConfirmed needs the editor role")
    if not isinstance(event, ClaimAssessed):
        return
    if event.data.decisive:
        raise RoleForbidsError("a decisive assessment needs the editor role")
    superseded = claim.find(event.data.supersedes_event_id or "", poster.audience)
    if superseded is not None:
        _check_own(superseded, poster, "superseding another's assessment")
        if claim.is_decisive(superseded.event_id):
            raise RoleForbidsError("superseding a decisive assessment needs the editor role")


def _check_own(entry: Entry, poster: Poster, deed: str) -> None:
    if entry.recorded_by != poster.name:
        raise RoleForbidsError(f"{deed} needs the editor role")
