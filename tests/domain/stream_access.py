"""Who may read the generated events: classifications, embargoes and how they change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from .reference_content import Event
from .reference_times import instant, rfc3339
from .reference_view import RANKS, is_embargo, target_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may read an event: the lower its number, the more readers."""

    classification: str = "public"
    embargo_until: str | None = None

    @property
    def number(self) -> int:
        return max(RANKS[self.classification], 0 if self.embargo_until is None else 1)


def access_of(event: Event, events: Sequence[Event]) -> Access:
    """Return who may read the event after all of the stream."""
    embargo = event["embargo_until"]
    embargo = embargo if is_embargo(embargo, event["recorded_at"]) else None
    access = Access(classification=event["classification"], embargo_until=embargo)
    for change in events:
        if change["type"] == "EventReclassified" and target_of(change) == event["event_id"]:
            access = after_change(access, change["data"])
    return access


def after_change(before: Access, change: Event) -> Access:
    """Return who may read an event after a change of its classification, embargo or both."""
    changed = {name: change[name] for name in ("classification", "embargo_until") if name in change}
    return replace(before, **changed)


def as_change(after: Access) -> Event:
    """Return the change that leads there from anywhere."""
    return {"classification": after.classification, "embargo_until": after.embargo_until}


def is_wider(one: Access, other: Access) -> bool:
    """Return whether somebody may read `one` who may not read `other`, now or after an embargo."""
    if RANKS[one.classification] < RANKS[other.classification]:
        return True
    if other.embargo_until is None or one.classification != "public":
        return False
    return one.embargo_until is None or instant(one.embargo_until) < instant(other.embargo_until)


def new_accesses(now: datetime) -> st.SearchStrategy[Access]:
    """Return what a statement may be posted with: mostly public, some embargoes already over."""
    restricted = st.builds(
        Access,
        classification=st.sampled_from(tuple(RANKS)),
        embargo_until=st.one_of(st.none(), _later(now), st.just(rfc3339(now))),
    )
    return st.one_of(st.just(Access()), st.just(Access()), restricted)


def targeting_accesses(target: Access) -> st.SearchStrategy[Access]:
    """Return what an event about another may be posted with: the same, or for fewer readers."""
    return st.sampled_from((target, target, replace(target, classification="confidential")))


def changes(before: Access, now: datetime) -> st.SearchStrategy[Event]:
    """Return the changes of classification, embargo or both that change something."""
    classifications = st.sampled_from([name for name in RANKS if name != before.classification])
    embargoes = _later(now) if before.embargo_until is None else st.one_of(st.none(), _later(now))
    members = {"classification": classifications, "embargo_until": embargoes}
    several = [{name: members[name] for name in names} for names in (members, ["classification"], ["embargo_until"])]
    return st.one_of(*(st.fixed_dictionaries(some) for some in several))


def _later(now: datetime) -> st.SearchStrategy[str]:
    soon, late = now + timedelta(hours=12), now + timedelta(days=3)
    texts = (rfc3339(soon), rfc3339(late), rfc3339(late).replace("Z", "+01:00"))
    return st.sampled_from([text for text in texts if instant(text) > now])
