"""What `decide` must know of a claim, and how each event changes it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from domain.audience import AUDIENCES, Visibility, reclassify, visibility
from domain.events import (
    ClaimAssessed,
    Event,
    EventCorrected,
    EventErased,
    EventReclassified,
    Tombstone,
    target_of,
)
from domain.times import parse_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is kept of one event of the claim."""

    event_id: str
    version: int
    type: str
    recorded_by: str | None
    visibility: Visibility
    target: str | None = None
    is_decisive: bool = False
    is_erased: bool = False

    def is_seen_by(self, audience: int) -> bool:
        """Tell whether this audience may read the event."""
        return self.visibility.audience <= audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that the claim has had, in the event that carries it or in a correction of that event."""

    event_id: str
    carrier: str
    text: str
    language: str

    @property
    def is_carrier(self) -> bool:
        """Tell an event that carries the text from a correction of one."""
        return self.event_id == self.carrier


@dataclass(slots=True, kw_only=True)
class Claim:
    """One claim's stream so far. It changes in place and has one owner."""

    claim_id: str
    version: int = 0
    digest: str | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    targeting: list[str] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    widest: Visibility | None = None
    widest_text: Visibility | None = None
    wordings: dict[int, set[str]] = field(default_factory=dict)
    last_seen: list[int] = field(default_factory=lambda: [0] * len(AUDIENCES))

    def find(self, event_id: str, audience: int) -> Entry | None:
        """Return the entry of an event, None where this audience may not know of it."""
        entry = self.entries.get(event_id)
        return entry if entry and entry.is_seen_by(audience) else None

    def retracted(self, audience: int) -> set[str]:
        """Return the ids of the events that an effective retraction takes out, as this audience sees it."""
        out: set[str] = set()
        # A retraction is later than its target, so from the last to the first each one's fate is known.
        for entry in map(self.entries.__getitem__, reversed(self.targeting)):
            if entry.type == "EventRetracted" and entry.event_id not in out and entry.is_seen_by(audience):
                out.add(entry.target or "")
        return out

    def corrections_of(self, event_id: str, audience: int) -> list[str]:
        """Return the ids of the corrections that apply to an event, in ledger order."""
        out = self.retracted(audience)
        return [
            entry.event_id
            for entry in self.followers_of(event_id)
            if entry.type == "EventCorrected" and entry.is_seen_by(audience) and entry.event_id not in out
        ]

    def followers_of(self, event_id: str) -> Iterator[Entry]:
        """Yield the corrections and retractions of an event that are not erased, in ledger order."""
        for entry in map(self.entries.__getitem__, self.targeting):
            if entry.target == event_id and entry.type in _FOLLOWING and not entry.is_erased:
                yield entry

    def has_text_for(self, readers: Visibility) -> bool:
        """Tell whether some event carries a text that all these readers can read, now and after any embargo."""
        return self.widest_text is not None and self.widest_text.covers(readers)

    def had_text_for(self, readers: Visibility, before: int) -> bool:
        """Tell the same of the events before a version: in time that grows with the number of texts."""
        carriers = [self.entries[text.event_id] for text in self.texts if text.is_carrier]
        return any(e.version < before and not e.is_erased and e.visibility.covers(readers) for e in carriers)

    def texts_for(self, audience: int) -> set[str]:
        """Return every text that the claim has had for this audience."""
        if audience not in self.wordings:
            self.wordings[audience] = {text.text for text in self.texts if self.is_shown(text, audience)}
        return self.wordings[audience]

    def shown_text(self, audience: int) -> Text | None:
        """Return the text that this audience is shown as the claim: the first carrier's, as last corrected."""
        texts = [text for text in self.texts if self.is_shown(text, audience)]
        carrier = next((text.carrier for text in texts if text.is_carrier), None)
        out = self.retracted(audience)
        return next(
            (t for t in reversed(texts) if t.carrier == carrier and (t.is_carrier or t.event_id not in out)), None
        )

    def is_shown(self, text: Text, audience: int) -> bool:
        """Tell whether this audience sees the text, and what it corrects."""
        entries = (self.entries[text.event_id], self.entries[text.carrier])
        return all(entry.is_seen_by(audience) and not entry.is_erased for entry in entries)


_FOLLOWING = ("EventCorrected", "EventRetracted")


def evolve(claim: Claim, event: Event | Tombstone, digest: str) -> None:
    """Bring the claim up to date with its next event, whose stored bytes have this SHA-256 (hex)."""
    entry = _entry(event)
    claim.version, claim.digest = entry.version, digest
    claim.entries[entry.event_id] = entry
    if entry.target is not None:
        claim.targeting.append(entry.event_id)
    _note_visibility(claim, entry)
    if isinstance(event, EventReclassified):
        target = claim.entries[event.data.target_event_id]
        _change(claim, target.event_id, visibility=reclassify(target.visibility, event))
        _recount(claim)
    elif isinstance(event, EventErased):
        _change(claim, event.data.target_event_id, is_erased=True)
        _recount(claim)
    elif isinstance(event, EventCorrected):
        _note_correction(claim, event)
    elif not isinstance(event, Tombstone):
        _note_carrier(claim, event)


def _entry(event: Event | Tombstone) -> Entry:
    return Entry(
        event_id=event.event_id or "",
        version=event.claim_version or 0,
        type=event.type,
        recorded_by=None if isinstance(event, Tombstone) else event.recorded_by,
        visibility=visibility(event.classification, event.embargo_until, parse_instant(event.recorded_at or "")),
        target=target_of(event),
        is_decisive=isinstance(event, ClaimAssessed) and event.data.decisive,
        is_erased=isinstance(event, Tombstone),
    )


def _note_visibility(claim: Claim, entry: Entry) -> None:
    if claim.widest is None or not claim.widest.covers(entry.visibility):
        claim.widest = entry.visibility
    for audience in AUDIENCES[entry.visibility.audience :]:
        claim.last_seen[audience] = max(claim.last_seen[audience], entry.version)


def _recount(claim: Claim) -> None:
    """Derive anew what depends on who may read which event, and on what is erased."""
    claim.widest, claim.widest_text, claim.last_seen = None, None, [0] * len(AUDIENCES)
    claim.wordings.clear()
    for entry in claim.entries.values():
        _note_visibility(claim, entry)
    for text in claim.texts:
        _note_widest_text(claim, text)


def _note_carrier(claim: Claim, event: Event) -> None:
    text = getattr(event.data, "claim", None)  # evidence and links carry none
    if text is not None:
        _note_text(claim, event.event_id or "", event.event_id or "", text.text, text.language)


def _note_correction(claim: Claim, event: EventCorrected) -> None:
    target, data = event.data.target_event_id, event.data.patch.get("data")
    changed: dict[str, Any] = data if isinstance(data, dict) else {}  # Any: a patch holds any JSON
    if changed.get("decisive") is True:
        _change(claim, target, is_decisive=True)
    text = changed.get("claim")
    if isinstance(text, dict) and isinstance(text.get("text"), str):
        _note_text(claim, event.event_id or "", target, text["text"], str(text.get("language") or "und"))


def _note_text(claim: Claim, event_id: str, carrier: str, text: str, language: str) -> None:
    noted = Text(event_id=event_id, carrier=carrier, text=text, language=language)
    claim.texts.append(noted)
    _note_widest_text(claim, noted)
    for audience, wordings in claim.wordings.items():
        if claim.is_shown(noted, audience):
            wordings.add(text)


def _note_widest_text(claim: Claim, text: Text) -> None:
    entry = claim.entries[text.event_id]
    is_wider = claim.widest_text is None or not claim.widest_text.covers(entry.visibility)
    if text.is_carrier and not entry.is_erased and is_wider:
        claim.widest_text = entry.visibility


def _change(claim: Claim, event_id: str, **changes: Any) -> None:  # Any: as dataclasses.replace
    claim.entries[event_id] = replace(claim.entries[event_id], **changes)
