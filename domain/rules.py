"""The rules that a well-formed event may still break, each with the field it names."""

from typing import NamedTuple

from pydantic import JsonValue, ValidationError

from domain.audience import CLASSIFICATIONS, Visibility, reclassify
from domain.claim import Claim
from domain.commands import Poster, Surroundings
from domain.correction import PATCHABLE, apply_patch, corrected_target
from domain.errors import Fault, RuleBrokenError, TargetErasedError, TargetRetractedError, pointer_below
from domain.events import (
    Assertion,
    ClaimAssessed,
    ClaimCommentDeclined,
    ClaimLinked,
    Event,
    EventCorrected,
    EventErased,
    EventReclassified,
    EventRetracted,
    Targeting,
    target_of,
)
from domain.noting import Entry
from domain.posting import faults_of
from domain.statement import check_statement
from domain.times import parse_instant

_NEVER_TARGETED = {
    EventCorrected: ("EventCorrected", "EventRetracted", "EventErased", "EventReclassified"),
    EventRetracted: ("EventErased", "EventReclassified"),
    EventErased: ("EventErased", "EventReclassified"),
    EventReclassified: (),
}


class Recording(NamedTuple):
    """When, for whom and by whom an event would be recorded."""

    recorded_us: int
    readers: Visibility
    poster: Poster
    at: Surroundings


def check_target_stands(claim: Claim, event: Event, audience: int) -> None:
    """Raise TargetErasedError, TargetRetractedError where nothing more can be done to the target."""
    target = claim.find(target_of(event) or "", audience)
    if target is None:
        return
    if target.is_erased:
        raise TargetErasedError(f"event {target.event_id} was erased")
    if isinstance(event, EventCorrected | EventRetracted) and target.event_id in claim.retracted(audience):
        raise TargetRetractedError(f"event {target.event_id} is retracted already")


def check_rules(claim: Claim, event: Event, recording: Recording) -> None:
    """Raise RuleBrokenError, naming the field, for the first rule that the event breaks."""
    _check_recorded_at(event, recording)
    if isinstance(event, Targeting):
        _check_target(claim, event, recording)
    if isinstance(event, ClaimLinked):
        _check_link(claim, event, recording)
    _check_content(claim, event, recording)
    if isinstance(event, Assertion | ClaimCommentDeclined):
        _check_text(claim, event, recording)
    if isinstance(event, EventReclassified):
        _check_reclassification(event, recording)
    if isinstance(event, EventCorrected):
        _check_correction(claim, event, recording)


def _check_recorded_at(event: Event, recording: Recording) -> None:
    if event.recorded_at is None:
        return
    if recording.recorded_us < recording.at.last_us:
        raise RuleBrokenError.at("/recorded_at", "recorded_at_order", "earlier than the ledger's last recorded_at")
    if recording.recorded_us > recording.at.now_us:
        raise RuleBrokenError.at("/recorded_at", "recorded_at_future", "recorded_at lies in the future")


def _check_content(claim: Claim, event: Event, recording: Recording) -> None:
    check_statement(event, recording.recorded_us)
    if isinstance(event, ClaimAssessed) and event.data.supersedes_event_id:
        _check_superseded(claim, event, event.data.supersedes_event_id, recording.poster.audience)


def _check_superseded(claim: Claim, event: ClaimAssessed, superseded: str, audience: int) -> None:
    entry = claim.find(superseded, audience)
    own = claim.entries.get(event.event_id or "")
    is_earlier = entry is not None and (own is None or entry.version < own.version)
    if entry is None or entry.type != "ClaimAssessed" or not is_earlier:
        detail = f"no earlier assessment of this claim has the id {superseded}"
        raise RuleBrokenError.at("/data/supersedes_event_id", "unknown_assessment", detail)


def _check_text(claim: Claim, event: Assertion | ClaimCommentDeclined, recording: Recording) -> None:
    text, readers = event.data.claim, recording.readers
    if text is None:
        if isinstance(event, Assertion) and not claim.has_text_for(readers):
            raise _text_missing()
        return
    known = claim.texts_for(readers.audience)
    if known and text.text not in known:
        detail = f"claim {claim.claim_id} has another text; to change it, correct the event that carries it"
        raise RuleBrokenError.at("/data/claim/text", "claim_text_changed", detail)


def _text_missing() -> RuleBrokenError:
    detail = "no earlier event gives the claim's text to everyone who may read this one"
    return RuleBrokenError.at("/data/claim", "claim_text_missing", detail)


def _check_target(claim: Claim, event: Targeting, recording: Recording) -> None:
    target = claim.find(event.data.target_event_id, recording.poster.audience)
    pointer = "/data/target_event_id"
    if target is None:
        detail = f"claim {claim.claim_id} has no event {event.data.target_event_id}"
        raise RuleBrokenError.at(pointer, "unknown_target", detail)
    if target.type in _NEVER_TARGETED[type(event)]:
        raise RuleBrokenError.at(pointer, "target_type", f"{event.type} does not apply to {target.type}")
    if isinstance(event, EventReclassified):
        after = reclassify(target.visibility, event)
        if after == target.visibility:
            raise RuleBrokenError.at("/data", "unchanged", "the reclassification changes nothing")
        _check_width(min(after, target.visibility, key=lambda v: v.breadth), recording)
    else:
        _check_width(target.visibility, recording)


def _check_width(of: Visibility, recording: Recording) -> None:
    if of.covers(recording.readers):
        return
    pointer = "/classification" if recording.readers.level < of.level else "/embargo_until"
    raise RuleBrokenError.at(pointer, "wider_than_target", "more may read this than may read what it names")


def _check_link(claim: Claim, event: ClaimLinked, recording: Recording) -> None:
    linked, pointer = recording.at.linked, "/data/target_claim_id"
    if event.data.target_claim_id == claim.claim_id:
        raise RuleBrokenError.at(pointer, "self_link", "a claim does not link to itself")
    if linked is None or linked.widest is None or not linked.last_seen[recording.poster.audience]:
        raise RuleBrokenError.at(pointer, "unknown_claim", f"there is no claim {event.data.target_claim_id}")
    _check_width(linked.widest, recording)


def _check_reclassification(event: EventReclassified, recording: Recording) -> None:
    detail = "a reclassification is read by whoever may read its target before or after"
    if event.classification not in (None, CLASSIFICATIONS[recording.readers.level]):
        raise RuleBrokenError.at("/classification", "follows_target", detail)
    if event.embargo_until is not None and parse_instant(event.embargo_until) != recording.readers.embargo_us:
        raise RuleBrokenError.at("/embargo_until", "follows_target", detail)
    until = event.data.embargo_until
    if until is not None and parse_instant(until) <= recording.recorded_us:
        raise RuleBrokenError.at("/data/embargo_until", "embargo_passed", "the embargo is not in the future")


def _check_correction(claim: Claim, event: EventCorrected, recording: Recording) -> None:
    patch, target = event.data.patch, claim.entries[event.data.target_event_id]
    _check_patch(patch)
    before = corrected_target(claim, target.event_id, recording.poster.audience, recording.at.read)
    try:
        after = apply_patch(before, patch)
    except ValidationError as error:
        faults = tuple(_in_patch(fault) for fault in faults_of(error, None))
        raise RuleBrokenError(f"the corrected event is not valid: {faults[0].detail}", faults) from error
    if after == before:
        raise RuleBrokenError.at("/data/patch", "unchanged", "the correction changes nothing")
    try:
        _check_corrected(claim, after, target, recording)
    except RuleBrokenError as error:
        raise RuleBrokenError(error.detail, tuple(map(_in_patch, error.faults))) from error


def _check_patch(patch: dict[str, JsonValue]) -> None:
    for name in patch:
        if name not in PATCHABLE:
            raise RuleBrokenError.at(
                pointer_below("/data/patch", name), "not_patchable", f"a correction does not reach {name}"
            )
    data = patch.get("data")
    for name in data if isinstance(data, dict) else ():
        if name.startswith("target_"):
            pointer = pointer_below("/data/patch/data", name)
            raise RuleBrokenError.at(pointer, "not_patchable", "retract the event and post it again")


def _check_corrected(claim: Claim, after: Event, target: Entry, recording: Recording) -> None:
    """Hold the corrected event to the rules of a posted one, at the instant when the target was recorded."""
    then = parse_instant(after.recorded_at or "")
    _check_content(claim, after, recording._replace(recorded_us=then, readers=target.visibility))
    needs_text = isinstance(after, Assertion) and after.data.claim is None
    if needs_text and not claim.had_text_for(target.visibility, before=target.version):
        raise _text_missing()


def _in_patch(fault: Fault) -> Fault:
    return Fault(pointer=f"/data/patch{fault.pointer}", rule=fault.rule, detail=fault.detail)
