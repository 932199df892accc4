"""What one audience reads of a claim: which events are effective, and what follows from them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What lists filter and sort by: a claim at one version, as one audience sees it."""

    position: int
    created_position: int
    status: Status
    contested: bool
    tags: tuple[str, ...]


class Reader:
    """Folds the events that one audience sees, within a cut."""

    def __init__(self, facts: Iterable[Fact], erased: AbstractSet[str], correct: Correct, cut: Cut = NOW) -> None:
        """Fold facts in any order; `correct` returns a fact as the corrections of these ids make it."""
        self._tally = Tally()
        self._last: Fact | None = None
        self._first: Fact | None = None
        self._carrier: Fact | None = None
        self._superseded: set[str] = set()
        self._assessments: dict[str, Fact] = {}
        self._links: dict[tuple[str, str], Fact] = {}
        self.names: set[Name] = set()
        known = [fact for fact in facts if cut.knows(fact)]
        self._outside = self._fold(known, erased, correct, cut)

    def add(self, fact: Fact) -> None:
        """Take in one more statement, declined comment, piece of evidence or link that nothing targets yet."""
        self._note_place(fact)
        self._note_carrier(fact)
        self._count(fact)

    def reading(self) -> Reading | None:
        """Return what the audience reads; None where it sees no event, so that there is no claim."""
        if self._first is None or self._last is None:
            return None
        return Reading(
            claim=self._carrier.claim if self._carrier else None,
            version=self._last.version,
            position=self._last.position,
            created_us=self._first.recorded_us,
            updated_us=self._last.recorded_us,
            standing=standing_of(self._tally, self._outside),
            links=tuple(_link(fact) for fact in self._links.values()),
        )

    def outline(self) -> Outline:
        """Return what lists filter by, at a fraction of the cost of a reading. Raises ValueError without events."""
        if self._first is None or self._last is None:
            raise ValueError("a claim without events has no outline")
        status, contested = status_of(self._tally, self._outside)
        claim = self._carrier.claim if self._carrier else None
        return Outline(
            position=self._last.position,
            created_position=self._first.position,
            status=status,
            contested=contested,
            tags=(claim.tags if claim else None) or (),
        )

    def _fold(self, known: Sequence[Fact], erased: AbstractSet[str], correct: Correct, cut: Cut) -> Outside:
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
        return Outside(corrections=sum(map(len, corrections.values())), retracted=retracted, is_withdrawn=is_withdrawn)

    def _note_place(self, fact: Fact) -> None:
        if self._first is None or fact.version < self._first.version:
            self._first = fact
        if self._last is None or fact.version > self._last.version:
            self._last = fact

    def _note_carrier(self, fact: Fact) -> None:
        if fact.claim is not None and (self._carrier is None or fact.version < self._carrier.version):
            self._carrier = fact

    def _count(self, fact: Fact) -> None:
        self.names.update(fact.names)
        if fact.link is not None:
            self._note_link(fact)
        if fact.supersedes is not None:
            self._supersede(fact.supersedes)
        if fact.leaning is not None:
            if fact.event_id in self._superseded:
                return
            self._assessments[fact.event_id] = fact
        self._tally.add(fact)

    def _supersede(self, event_id: str) -> None:
        self._superseded.add(event_id)
        dropped = self._assessments.pop(event_id, None)
        if dropped is not None:
            self._tally.drop(dropped)

    def _note_link(self, fact: Fact) -> None:
        claim_id, relation, _ = fact.link or ("", "", "")
        held = self._links.get((claim_id, relation))
        if held is None or fact.version > held.version:
            self._links[claim_id, relation] = fact


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


def _link(fact: Fact) -> LinkReading:
    claim_id, relation, state = fact.link or ("", "", "")
    return LinkReading(event_id=fact.event_id, claim_id=claim_id, relation=relation, state=state)
