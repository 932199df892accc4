"""What `decide` must know of a claim, and how each event changes it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from domain.audience import AUDIENCES, DESK, Visibility, reclassify
from domain.events import EventReclassified
from domain.noting import Entry, Note, Text


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

    def is_decisive(self, event_id: str) -> bool:
        """Tell whether an assessment is decisive, as corrected for those who read all."""
        stated = (self.entries[each].decisive for each in (event_id, *self.corrections_of(event_id, DESK)))
        return next((decisive for decisive in reversed(list(stated)) if decisive is not None), False)

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
            self.wordings[audience] = {text.text for text in self.texts if text.text and self.is_shown(text, audience)}
        return self.wordings[audience]

    def shown_text(self, audience: int) -> Text | None:
        """Return the text that this audience is shown as the claim: the first carrier's, as last corrected."""
        texts = [text for text in self.texts if self.is_shown(text, audience)]
        shown = next((text for text in texts if text.is_carrier), None)
        out = self.retracted(audience)
        for text in texts:
            if shown and text.carrier == shown.carrier and not text.is_carrier and text.event_id not in out:
                shown = replace(shown, text=text.text or shown.text, language=text.language or shown.language)
        return shown

    def is_shown(self, text: Text, audience: int) -> bool:
        """Tell whether this audience sees the text, and what it corrects."""
        entries = (self.entries[text.event_id], self.entries[text.carrier])
        return all(entry.is_seen_by(audience) and not entry.is_erased for entry in entries)


_FOLLOWING = ("EventCorrected", "EventRetracted")


def evolve(claim: Claim, note: Note, digest: str) -> None:
    """Bring the claim up to date with its next event, whose stored bytes have this SHA-256 (hex)."""
    entry, text, change = note
    claim.version, claim.digest = entry.version, digest
    claim.entries[entry.event_id] = entry
    if entry.target is not None:
        claim.targeting.append(entry.event_id)
    _note_visibility(claim, entry)
    if isinstance(change, EventReclassified):
        target = claim.entries[change.data.target_event_id]
        _change(claim, target.event_id, visibility=reclassify(target.visibility, change))
        _recount(claim)
    elif change is not None:
        _erase(claim, change.data.target_event_id)
        _recount(claim)
    if text is not None:
        _note_text(claim, text)


def _erase(claim: Claim, event_id: str) -> None:
    """Forget what a tombstone does not tell: the claim is the same, read again or not."""
    _change(claim, event_id, is_erased=True, recorded_by=None, decisive=None)
    claim.texts = [text for text in claim.texts if text.event_id != event_id]


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


def _note_text(claim: Claim, text: Text) -> None:
    claim.texts.append(text)
    _note_widest_text(claim, text)
    for audience, wordings in claim.wordings.items():
        if text.text and claim.is_shown(text, audience):
            wordings.add(text.text)


def _note_widest_text(claim: Claim, text: Text) -> None:
    entry = claim.entries[text.event_id]
    is_wider = claim.widest_text is None or not claim.widest_text.covers(entry.visibility)
    if text.is_carrier and not entry.is_erased and is_wider:
        claim.widest_text = entry.visibility


def _change(claim: Claim, event_id: str, **changes: Any) -> None:  # Any: whatever the fields hold
    claim.entries[event_id] = claim.entries[event_id]._replace(**changes)
