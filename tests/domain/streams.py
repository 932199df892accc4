"""Random streams of one claim's stored events, such as the ledger would have accepted them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from .reference import always
from .reference_content import Event, corrected_once
from .reference_times import MICROSECOND, bounds, instant, rfc3339
from .reference_view import ASSERTIONS, STATED, View, corrected, erased_ids, is_retracted, target_of
from .stream_access import (
    Access,
    access_of,
    after_change,
    as_change,
    changes,
    is_wider,
    new_accesses,
    targeting_accesses,
)
from .stream_values import CLAIM, DAYS, PATCH_PAIRS, bodies, keeps_rules, occurrences, patches

BEGINNING = datetime(2024, 3, 1, tzinfo=UTC)
PAUSES = (timedelta(0), timedelta(0), MICROSECOND, *(timedelta(hours=hours) for hours in (1, 12, 24, 25)))
TARGETS = (*STATED, "EventCorrected", "EventRetracted")
CHANGES = ("EventCorrected", "EventRetracted", "EventErased", "EventReclassified")
DEEDS = (
    *ASSERTIONS,
    *STATED,
    "ClaimAssessed",
    "ClaimAssessed",
    "ClaimReported",
    *CHANGES,
    *CHANGES[:2],
    "EventCorrected",
    "corrections",
)
REASONS = (
    *("outlet_retracted", "outlet_retracted", "speaker_withdrew", "entered_in_error"),
    *("wrong_claim", "duplicate", "legal", "source_protection"),
)


@st.composite
def claim_streams(draw: st.DrawFn, *, max_deeds: int = 14, tombstoned: bool = False) -> list[Event]:
    """Return streams of one to `max_deeds` deeds, each an event and what the ledger adds to it.

    With `tombstoned`, what is erased has lost its data, as `with_tombstones` says.
    """
    draft = Draft(draw=draw)
    draft.state(draw(st.sampled_from(ASSERTIONS)))
    least = draw(st.integers(0, max_deeds - 1))  # or most streams would be short
    for deed in draw(st.lists(st.sampled_from(DEEDS), min_size=least, max_size=max_deeds - 1)):
        draft.wait(draw(st.sampled_from(PAUSES)))
        draft.do(deed)
    if draw(st.sampled_from((False, False, False, False, False, True))):
        draft.retract_all_assertions()
    return with_tombstones(draft.events) if tombstoned else draft.events


@st.composite
def cuts(draw: st.DrawFn, events: Sequence[Event]) -> dict[str, str]:
    """Return a known_at, a valid_at, both or neither, at or beside the times of the stream."""
    recorded = [instant(event["recorded_at"]) for event in events]
    stated = [bounds(event["occurred_at"]) for event in events if event["occurred_at"]]
    occurred = [moment for pair in [bounds(DAYS[0]), *stated] for moment in pair]
    cut = {}
    if draw(st.booleans()):
        cut["known_at"] = draw(_near(recorded))
    if draw(st.booleans()):
        cut["valid_at"] = draw(_near([*recorded, *occurred]))
    return cut


def with_tombstones(events: Sequence[Event]) -> list[Event]:
    """Return the stream with null for the data of erased events, and beside it the id they target."""
    erased = erased_ids(events)
    return [_tombstone(event) if event["event_id"] in erased else event for event in events]


@dataclass(slots=True, kw_only=True)
class Draft:
    """A stream that is being written: every deed appends what the ledger would have appended."""

    draw: st.DrawFn
    events: list[Event] = field(default_factory=list)
    now: datetime = BEGINNING

    def wait(self, pause: timedelta) -> None:
        self.now += pause
        for event in self.not_erased():
            until = self.access(event).embargo_until
            if until is not None and instant(until) <= self.now and event["type"] != "EventReclassified":
                self.reclassify(event, {"embargo_until": None})

    def do(self, deed: str) -> None:
        targets = self.targets_of(deed)
        if deed in STATED or not targets:
            self.state(deed if deed in STATED else "ClaimReported")
            return
        target = self.draw(st.sampled_from(self.weighted(targets)))
        if deed == "EventCorrected":
            self.correct(target, self.draw(self.patches(target)))
        elif deed == "corrections":
            self.build_on_a_correction(target)
        elif deed == "EventRetracted":
            self.aim(deed, target, {"reason_kind": self.draw(st.sampled_from(REASONS))})
        elif deed == "EventErased":
            self.erase(target)
        else:
            change = self.draw(changes(self.access(target), self.now))
            after = after_change(self.access(target), change)
            if not any(is_wider(after, self.access(event)) for event in self.targeted_by(target)):
                self.reclassify(target, change)

    def targets_of(self, deed: str) -> list[Event]:
        types = {"EventCorrected": STATED, "corrections": ("ClaimAssessed",)}.get(deed, TARGETS)
        targets = [event for event in self.not_erased() if event["type"] in types]
        if deed in ("EventErased", "EventReclassified"):
            return targets
        return [event for event in targets if not is_retracted(self.view(), event)]

    def targeted_by(self, event: Event) -> list[Event]:
        return [one for one in self.events if one["event_id"] == event["data"].get("target_event_id")]

    def weighted(self, targets: list[Event]) -> list[Event]:
        # Corrections of one event, and retractions of them, are where the folding is hardest.
        corrected_ids = [target_of(event) for event in self.events if event["type"] == "EventCorrected"]
        again = [event for event in targets if event["event_id"] in corrected_ids]
        assessed = [event for event in targets if event["type"] == "ClaimAssessed"]
        corrections = [event for event in targets if event["type"] == "EventCorrected"]
        return [*targets, *assessed, *assessed, *again, *again, *corrections, *corrections]

    def state(self, event_type: str) -> None:
        data = self.draw(bodies(event_type))
        if event_type in ASSERTIONS:
            data["claim"] = CLAIM
        earlier = self.assessments_before(len(self.events) + 1)
        if event_type == "ClaimAssessed" and earlier and self.draw(st.booleans()):
            data["supersedes_event_id"] = self.draw(st.sampled_from(earlier))
        occurred_at = self.draw(self.occurrences(self.now))
        self.append(event_type, data, self.draw(new_accesses(self.now)), occurred_at)

    def build_on_a_correction(self, target: Event) -> None:
        for patch in self.draw(st.sampled_from(PATCH_PAIRS)):
            self.correct(target, {"data": patch})
        if self.draw(st.booleans()):
            self.aim("EventRetracted", self.events[-2], {"reason_kind": "entered_in_error"})

    def correct(self, target: Event, patch: Event) -> None:
        reads = corrected(self.view(), target)
        result = corrected_once(reads, patch)
        if result == reads or not keeps_rules(result):
            patch = {"data": {"note": f"note {len(self.events)}"}}
        self.aim("EventCorrected", target, {"patch": patch, "reason_kind": "other"})

    def retract_all_assertions(self) -> None:
        for event in self.targets_of("EventRetracted"):
            if event["type"] in ASSERTIONS:
                self.aim("EventRetracted", event, {"reason_kind": self.draw(st.sampled_from(REASONS))})

    def erase(self, target: Event) -> None:
        corrections = [event for event in self.not_erased() if event["type"] == "EventCorrected"]
        for event in [target, *(one for one in corrections if target_of(one) == target["event_id"])]:
            self.aim("EventErased", event, {"reason_kind": "legal"})

    def reclassify(self, target: Event, change: Event) -> None:
        before = self.access(target)
        after = after_change(before, change)
        about = [one for one in self.not_erased() if one["type"] in ("EventCorrected", "EventRetracted")]
        self.aim("EventReclassified", target, change, min(after, before, key=lambda access: access.number))
        for event in about:
            if target_of(event) == target["event_id"] and self.access(event) == before:
                self.reclassify(event, change)
            elif target_of(event) == target["event_id"] and is_wider(self.access(event), after):
                self.reclassify(event, as_change(after))

    def aim(self, event_type: str, target: Event, data: Event, access: Access | None = None) -> None:
        access = access or self.draw(targeting_accesses(self.access(target)))
        about = {"target_event_id": target["event_id"], "reason": "because", **data}
        self.append(event_type, about, access, self.draw(st.sampled_from((None, None, DAYS[0]))))

    def append(self, event_type: str, data: Event, access: Access, occurred_at: str | None) -> None:
        version = len(self.events) + 1
        prefix = self.draw(st.integers(0, 15))
        event = {
            "event_id": f"{prefix:x}0000000-0000-4000-8000-{version:012x}",
            "type": event_type,
            "schema_version": 1,
            "claim_id": "six-officers",
            "claim_version": version,
            "recorded_at": f"{self.now:%Y-%m-%dT%H:%M:%S.%fZ}",
            "recorded_by": "desk",
            "source": "/keys/desk",
            "occurred_at": occurred_at,
            "occurred_basis": "unknown" if occurred_at is None else "stated",
            "classification": access.classification,
            "embargo_until": access.embargo_until,
            "previous": None if version == 1 else "0" * 64,
            "salt": "A" * 22,
            "data": data,
        }
        self.events.append(event)

    def not_erased(self) -> list[Event]:
        erased = erased_ids(self.events)
        return [event for event in self.events if event["event_id"] not in erased]

    def access(self, event: Event) -> Access:
        return access_of(event, self.events)

    def view(self) -> View:
        return View(seen=tuple(self.events), erased=erased_ids(self.events), is_valid=always)

    def assessments_before(self, version: int) -> list[str]:
        assessments = [event for event in self.events if event["type"] == "ClaimAssessed"]
        return [event["event_id"] for event in assessments if event["claim_version"] < version]

    def occurrences(self, recorded_at: datetime) -> st.SearchStrategy[str | None]:
        return occurrences(recorded_at, [event["recorded_at"] for event in self.events])

    def patches(self, target: Event) -> st.SearchStrategy[Event]:
        times = self.occurrences(instant(target["recorded_at"]))
        of_time = st.fixed_dictionaries({"occurred_at": times})
        of_data = patches(target["type"], self.assessments_before(target["claim_version"]))
        return st.one_of(of_time, of_data.map(lambda patch: {"data": patch}))


def _tombstone(event: Event) -> Event:
    targeted = {name: event["data"][name] for name in ("target_event_id",) if name in event["data"]}
    return {**event, **targeted, "data": None}


def _near(moments: Sequence[datetime]) -> st.SearchStrategy[str]:
    shifts = st.sampled_from((timedelta(0), timedelta(0), MICROSECOND, -MICROSECOND))
    return st.builds(lambda moment, shift: rfc3339(moment + shift), st.sampled_from(moments), shifts)
