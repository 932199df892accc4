"""What one audience reads of a claim: which events are effective, and what follows from them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from domain.facts import ASSERTIONS, COUNTED, Fact, Name
from domain.standing import Outside, Standing, Status, standing_of, status_of
from domain.tally import FOREVER, Tally
from domain.values import ClaimText

Correct = Callable[[Fact, Sequence[str]], Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What an answer about the past leaves out: what was recorded, placed or had occurred later."""

    known_us: int = FOREVER
    position: int = FOREVER
    valid_us: int = FOREVER

    def knows(self, fact: Fact) -> bool:
        """Tell whether the event was recorded by then."""
        return fact.recorded_us <= self.known_us and fact.position <= self.position


NOW = Cut()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReading:
    """The last word on a relation of the claim to another."""

    event_id: str
    claim_id: str
    relation: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A claim as one audience sees it; instants in microseconds since 1970."""

    claim: ClaimText | None
    version: int
    position: int
    created_us: int
    updated_us: int
    standing: Standing
    links: tuple[LinkReading, ...]


class Outline(NamedTuple):
    """What lists filter and sort by: a claim at one version, as one audience sees it."""

    position: int
    created_position: int
    status: Status
    contested: bool
    tags: tuple[str, ...]


class Place(NamedTuple):
    """Where an event stands in its claim and in the ledger."""

    version: int
    position: int
    recorded_us: int


class Carrier(NamedTuple):
    """The event whose text readers are shown as the claim."""

    version: int
    claim: ClaimText


class LinkState(NamedTuple):
    """What was said last of a relation."""

    version: int
    event_id: str
    state: str


class Reader:
    """Folds the events that one audience sees."""

    def __init__(self) -> None:
        """Begin without events."""
        self.tally = Tally()
        self.outside = Outside()
        self.first: Place | None = None
        self.last: Place | None = None
        self.carrier: Carrier | None = None
        self.links: dict[tuple[str, str], LinkState] = {}
        self.speakers: set[str] = set()
        self._outline: Outline | None = None

    @property
    def names(self) -> set[Name]:
        """Who speaks, and which outlets report."""
        speakers = {Name("speaker", name) for name in self.speakers}
        return speakers | {Name("outlet", name) for name in self.tally.outlets}

    def add(self, fact: Fact) -> None:
        """Take in one more statement, declined comment, piece of evidence or link that nothing targets yet."""
        self._outline = None
        self._note_place(fact)
        self._note_carrier(fact)
        self._count(fact)

    def add_all(self, facts: Iterable[Fact], erased: AbstractSet[str], correct: Correct, cut: Cut = NOW) -> None:
        """Take in more events, in any order, as far as they are within the cut.

        `erased` has the ids of those among them that are erased at whatever time; `correct` returns a fact as
        the corrections of these ids make it. None of them may correct or retract one taken in before.
        """
        self._outline = None
        known = [fact for fact in facts if cut.knows(fact)]
        out = retractions_in_force(known)
        corrections = _corrections(known, out, erased)
        retracted, is_withdrawn = 0, False
        for fact in known:
            self._note_place(fact)
            if fact.type not in COUNTED:
                continue
            if fact.event_id in erased:
                retracted += 1
                continue
            said = correct(fact, corrections[fact.event_id]) if fact.event_id in corrections else fact
            self._note_carrier(said)
            has_occurred = said.earliest_us <= cut.valid_us
            if said.event_id in out:
                retracted += 1
                is_withdrawn |= has_occurred and _withdraws(said, out[said.event_id], erased)
            elif has_occurred:
                self._count(said)
        self.outside = Outside(
            corrections=self.outside.corrections + sum(map(len, corrections.values())),
            retracted=self.outside.retracted + retracted,
            is_withdrawn=self.outside.is_withdrawn or is_withdrawn,
        )

    def reading(self) -> Reading | None:
        """Return what the audience reads; None where it sees no event, so that there is no claim."""
        if self.first is None or self.last is None:
            return None
        return Reading(
            claim=self.carrier.claim if self.carrier else None,
            version=self.last.version,
            position=self.last.position,
            created_us=self.first.recorded_us,
            updated_us=self.last.recorded_us,
            standing=standing_of(self.tally, self.outside),
            links=tuple(
                LinkReading(event_id=state.event_id, claim_id=claim_id, relation=relation, state=state.state)
                for (claim_id, relation), state in sorted(self.links.items())
            ),
        )

    def outline(self) -> Outline:
        """Return what lists filter by, at a fraction of the cost of a reading. Raises ValueError without events."""
        if self._outline is None:
            self._outline = self._make_outline()
        return self._outline

    def _make_outline(self) -> Outline:
        if self.first is None or self.last is None:
            raise ValueError("a claim without events has no outline")
        status, contested = status_of(self.tally, self.outside)
        return Outline(
            position=self.last.position,
            created_position=self.first.position,
            status=status,
            contested=contested,
            tags=(self.carrier.claim.tags if self.carrier else None) or (),
        )

    def _note_place(self, fact: Fact) -> None:
        if self.last is None or fact.version > self.last.version:
            self.last = Place(fact.version, fact.position, fact.recorded_us)
        if self.first is None or fact.version < self.first.version:
            self.first = Place(fact.version, fact.position, fact.recorded_us)

    def _note_carrier(self, fact: Fact) -> None:
        if fact.claim is not None and (self.carrier is None or fact.version < self.carrier.version):
            self.carrier = Carrier(fact.version, fact.claim)

    def _count(self, fact: Fact) -> None:
        if fact.speaker is not None:
            self.speakers.add(fact.speaker)
        if fact.link is not None:
            self._note_link(fact, *fact.link)
        self.tally.add(fact)

    def _note_link(self, fact: Fact, claim_id: str, relation: str, state: str) -> None:
        held = self.links.get((claim_id, relation))
        if held is None or fact.version > held.version:
            self.links[claim_id, relation] = LinkState(fact.version, fact.event_id, state)


def reaches_back(facts: Sequence[Fact]) -> bool:
    """Tell whether one of these events corrects or retracts an event that is not among them."""
    event_ids = {fact.event_id for fact in facts}
    return any(fact.target not in event_ids for fact in facts if fact.type in ("EventCorrected", "EventRetracted"))


class Effective(Reader):
    """The events that count for one audience, as corrected, in any order."""

    def __init__(self) -> None:
        """Begin without events, to gather them instead of counting."""
        super().__init__()
        self.facts: list[Fact] = []

    def _count(self, fact: Fact) -> None:
        self.facts.append(fact)


def retractions_in_force(facts: Iterable[Fact]) -> Mapping[str, Sequence[Fact]]:
    """Return the retractions that hold, by the event that they take out."""
    out: defaultdict[str, list[Fact]] = defaultdict(list)
    retractions = [fact for fact in facts if fact.type == "EventRetracted"]
    # A retraction is later than its target, so from the last to the first each one's fate is known.
    for fact in sorted(retractions, key=lambda fact: fact.version, reverse=True):
        if fact.event_id not in out and fact.target is not None:
            out[fact.target].append(fact)
    return out


def _corrections(
    facts: Iterable[Fact], out: Mapping[str, object], erased: AbstractSet[str]
) -> Mapping[str, Sequence[str]]:
    """Return the ids of the corrections that apply, in ledger order, by the event that they change."""
    corrections: defaultdict[str, list[str]] = defaultdict(list)
    for fact in sorted((f for f in facts if f.type == "EventCorrected"), key=lambda f: f.version):
        if fact.event_id not in out and fact.event_id not in erased and fact.target is not None:
            corrections[fact.target].append(fact.event_id)
    return corrections


def _withdraws(fact: Fact, retractions: Iterable[Fact], erased: AbstractSet[str]) -> bool:
    """Tell whether an assertion was taken back by who made it, and not merely entered in error."""
    return fact.type in ASSERTIONS and any(r.withdraws and r.event_id not in erased for r in retractions)
