"""Whether a posted event is recorded, and what is recorded with it: pure, and in the order that clients rely on."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from domain.audience import CLASSIFICATIONS, Visibility, reclassify, visibility
from domain.claim import Claim
from domain.commands import Poster, RecordEvent, Surroundings
from domain.content import Reclassification
from domain.errors import VersionMismatchError
from domain.events import ClaimLinked, ClaimReported, Event, EventErased, EventReclassified, target_of
from domain.noting import Entry
from domain.plain_model import changed
from domain.roles import check_role
from domain.rules import Recording, check_rules, check_target_stands
from domain.times import format_instant, parse_instant
from domain.values import Classification, Wording


class Draft(NamedTuple):
    """An event to record, and what the ledger sets of it but for its place in the stream."""

    event: Event
    recorded_at: str
    classification: Classification
    embargo_until: str | None


def decide(claim: Claim, command: RecordEvent, at: Surroundings) -> Iterator[Draft]:
    """Yield the events to record: the posted one first, then those that it brings along.

    Raises a Refusal before the first. The claim must have evolved by each before the next is asked for.
    """
    event, poster = command.event, command.poster
    check_role(claim, event, poster, at)
    _check_version(claim, command)
    check_target_stands(claim, event, poster.audience)
    recorded_us = max(at.now_us, at.last_us) if event.recorded_at is None else parse_instant(event.recorded_at)
    draft = _draft(claim, event, poster, at, recorded_us)
    readers = visibility(draft.classification, draft.embargo_until, recorded_us)
    check_rules(claim, event, Recording(recorded_us=recorded_us, readers=readers, poster=poster, at=at))
    followers = list(_brought_along(claim, draft))
    yield draft
    yield from followers


def stamp(claim: Claim, draft: Draft, poster: Poster, event_id: str, salt: str) -> Event:
    """Return the event as it is stored next in the claim's stream."""
    event = draft.event
    changes: dict[str, Any] = {  # Any: whatever the fields hold
        "event_id": event.event_id or event_id,
        "claim_id": claim.claim_id,
        "claim_version": claim.version + 1,
        "recorded_at": draft.recorded_at,
        "recorded_by": poster.name,
        "source": event.source or f"/keys/{poster.name}",
        "classification": draft.classification,
        "embargo_until": draft.embargo_until,
        "previous": claim.digest,
        "salt": salt,
    }
    if isinstance(event, ClaimReported) and event.data.wording is None:
        changes["data"] = changed(event.data, {"wording": _wording(claim, draft)})
    return changed(event, changes)


def _check_version(claim: Claim, command: RecordEvent) -> None:
    expected = command.if_version
    if expected is None:
        return
    seen = claim.last_seen[command.poster.audience]
    if expected == 0 and claim.version > 0:
        raise VersionMismatchError(f"claim {claim.claim_id} exists already")
    if expected != seen:
        raise VersionMismatchError(f"claim {claim.claim_id} is at version {seen}, not {expected}")


def _draft(claim: Claim, event: Event, poster: Poster, at: Surroundings, recorded_us: int) -> Draft:
    """Return the draft, its audience taken from what the event targets or links to where it is left out."""
    recorded_at = format_instant(recorded_us)
    target = claim.find(target_of(event) or "", poster.audience)
    if isinstance(event, EventReclassified) and target:
        after = reclassify(target.visibility, event)
        wider = after if after.covers(target.visibility) else target.visibility
        return Draft(event, recorded_at, *_stated(wider))
    of = target.visibility if target else None
    if isinstance(event, ClaimLinked) and at.linked:
        of = at.linked.widest
    classification, embargo_until = _stated(of or Visibility(0))
    return Draft(event, recorded_at, event.classification or classification, event.embargo_until or embargo_until)


def _stated(readers: Visibility) -> tuple[Classification, str | None]:
    until = readers.embargo_us
    return CLASSIFICATIONS[readers.level], None if until is None else format_instant(until)


def _brought_along(claim: Claim, draft: Draft) -> Iterator[Draft]:
    if isinstance(draft.event, EventReclassified):
        yield from _moved_along(claim, draft)
    if isinstance(draft.event, EventErased):
        for follower in claim.followers_of(draft.event.data.target_event_id):
            if follower.type == "EventCorrected":
                yield _erasure(follower, draft.event, draft)


def _erasure(correction: Entry, cause: EventErased, draft: Draft) -> Draft:
    """Return the erasure of a correction, retracted or not: it tells what its target said."""
    data = cause.data.model_copy(update={"target_event_id": correction.event_id})
    erasure = EventErased(type="EventErased", data=data, source=cause.source, correlation_id=cause.correlation_id)
    of = correction.visibility
    readers = visibility(draft.classification, draft.embargo_until, parse_instant(draft.recorded_at))
    return Draft(erasure, draft.recorded_at, *_stated(of if readers.covers(of) else readers))


def _moved_along(claim: Claim, draft: Draft) -> Iterator[Draft]:
    """Yield the reclassifications of the corrections and retractions that go with their target."""
    event = draft.event
    if not isinstance(event, EventReclassified):
        return
    before = claim.entries[event.data.target_event_id].visibility
    after = reclassify(before, event)
    for follower in claim.followers_of(event.data.target_event_id):
        if follower.visibility == before or not after.covers(follower.visibility):
            moved = _reclassification(follower, after, event, draft)
            yield moved
            yield from _moved_along(claim, moved)


def _reclassification(follower: Entry, after: Visibility, cause: EventReclassified, draft: Draft) -> Draft:
    classification, embargo_until = _stated(after)
    wider = after if after.covers(follower.visibility) else follower.visibility
    data = Reclassification(
        target_event_id=follower.event_id,
        classification=classification,
        embargo_until=embargo_until,
        reason=cause.data.reason,
    )
    moved = EventReclassified(
        type="EventReclassified", data=data, source=cause.source, correlation_id=cause.correlation_id
    )
    return Draft(moved, draft.recorded_at, *_stated(wider))


def _wording(claim: Claim, draft: Draft) -> Wording:
    recorded_us = parse_instant(draft.recorded_at)
    shown = claim.shown_text(visibility(draft.classification, draft.embargo_until, recorded_us).audience)
    if shown is None or shown.language is None:
        raise AssertionError("a report without a text was not refused")
    return Wording(paraphrase=shown.text, language=shown.language)
