"""A ledger in plain Python: what was recorded, as it was answered, and what each reader is to see of it."""

from collections.abc import Iterator
from typing import Any

from tests.domain.reference import claim_shown, standing, visible
from tests.domain.reference_view import erased_ids, is_retracted, target_of, view_of

Json = dict[str, Any]  # an event, a receipt or a claim
DESK = 2


class Model:
    """Events in the order of the ledger, each with its position; what was posted, by its id."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.posted: dict[str, Json] = {}
        self.receipts: dict[str, Json] = {}

    @property
    def head(self) -> int:
        return len(self.events)

    def of(self, claim_id: str) -> list[Json]:
        return [event for event in self.events if event["claim_id"] == claim_id]

    def known(self, event_id: str) -> Json:
        return next(event for event in self.events if event["event_id"] == event_id)

    def is_erased(self, event_id: str) -> bool:
        return event_id in erased_ids(self.events)

    def is_retracted(self, event: Json) -> bool:
        """Tell whether an effective retraction takes the event out, for those who read all."""
        view = view_of(self.of(event["claim_id"]), None, None, DESK, lambda _: True)
        return is_retracted(view, event)

    def record(self, posted: Json, receipt: Json, recorded: list[Json]) -> None:
        """Take over what one append has recorded: the posted event first, and what it brings along."""
        first, *brought = recorded
        assert all(contains(first[name], posted[name]) for name in posted), (posted, first)
        if first["type"] != "EventReclassified":
            assert sorted(map(target_of, brought)) == sorted(self._brought_along(first))
        for event in recorded:
            before = self.of(event["claim_id"])
            assert event["claim_version"] == len(before) + 1
            assert not self.events or event["recorded_at"] >= self.events[-1]["recorded_at"]
            self.events.append({**event, "position": self.head + 1})
        assert (receipt["position"], receipt["claim_version"]) == (self.head - len(brought), first["claim_version"])
        self.posted[first["event_id"]], self.receipts[first["event_id"]] = posted, receipt

    def claim(self, claim_id: str, audience: int, **cut: Any) -> Json | None:
        """Return what the claim is shown as, None where the reader sees nothing of it within the cut."""
        events = self.of(claim_id)
        known = {name: value for name, value in cut.items() if name != "valid_at"}
        seen = view_of(events, known.get("known_at"), known.get("position"), audience, lambda _: True).seen
        if not seen:
            return None
        shown = claim_shown(events, audience=audience, **known)
        return {
            "text": shown["text"] if shown else None,
            "version": seen[-1]["claim_version"],
            "position": seen[-1]["position"],
            "standing": standing(events, audience=audience, **cut),
        }

    def visible(self, audience: int) -> list[Json]:
        return sorted(
            (event for claim_id in self.claim_ids() for event in visible(self.of(claim_id), audience)),
            key=lambda event: int(event["position"]),
        )

    def claim_ids(self) -> set[str]:
        return {event["claim_id"] for event in self.events}

    def _brought_along(self, event: Json) -> Iterator[str]:
        """Yield the targets of the erasures that come with an erasure: the corrections of what it erases."""
        if event["type"] == "EventErased":
            for each in self.of(event["claim_id"]):
                is_correction = each["type"] == "EventCorrected" and target_of(each) == target_of(event)
                if is_correction and not self.is_erased(each["event_id"]):
                    yield each["event_id"]


def contains(stored: Any, posted: Any) -> bool:
    """Tell whether all that was posted is in what is stored."""
    if isinstance(posted, dict) and isinstance(stored, dict):
        return all(name in stored and contains(stored[name], value) for name, value in posted.items())
    return bool(stored == posted)
