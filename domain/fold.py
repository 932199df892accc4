"""A claim as every audience reads it, folded from its events one at a time."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from domain.audience import DESK, Visibility, reclassify
from domain.correction import corrected
from domain.events import Event, EventCorrected, EventErased, EventReclassified, Tombstone
from domain.facts import Fact, Name, fact_of
from domain.reader import NOW, Cut, Effective, Outline, Reader, Reading, reaches_back
from domain.snapshot import freeze, thaw

ReadEvent = Callable[[str], Event | Tombstone]


class Run(NamedTuple):
    """The audiences, from the first to the last, that share a reading."""

    first: int
    last: int


class Snapshot(NamedTuple):
    """What the run that begins with an audience reads as of a version of the claim, written down."""

    first: int
    version: int
    position: int
    state: bytes


class ClaimFold:
    """All of a claim's events, and what each audience reads of them. It has one owner.

    Events may come in any order: their versions tell the ledger's. `read_event` returns the recorded
    event of an id in this claim, for what corrections change: one that was added here may be erased by now.
    """

    def __init__(self, read_event: ReadEvent) -> None:
        self._read_event = read_event
        self._facts: dict[str, Fact] = {}
        self._visibility: dict[str, Visibility] = {}
        self._targets: set[str] = set()
        self._erased: set[str] = set()
        self._reclassifications: dict[int, EventReclassified] = {}
        self._corrected: dict[tuple[str, ...], Fact] = {}
        self._readers: dict[int, Reader] | None = None
        self._runs: tuple[Run, ...] = ()

    def __len__(self) -> int:
        return len(self._facts)

    def add(self, event: Event | Tombstone, position: int) -> None:
        """Take in one event of the claim, recorded at this position of the ledger."""
        fact = fact_of(event, position)
        self._facts[fact.event_id] = fact
        if fact.is_erased:
            self._erased.add(fact.event_id)
        if isinstance(event, EventErased):
            self._erased.add(event.data.target_event_id)
        if isinstance(event, EventReclassified):
            self._reclassifications[fact.version] = event
        if fact.target is not None:
            self._targets.add(fact.target)
        if fact.target is None and not fact.is_erased and fact.event_id not in self._targets:
            self._add_plain(fact)
        else:
            self._readers = None

    def fact_of(self, event_id: str) -> Fact:
        """Return what the standing takes from an event of the claim."""
        return self._facts[event_id]

    def audience_of(self, event_id: str) -> int:
        """Return the first audience that sees an event of the claim."""
        return self._current_visibility(event_id).audience

    def embargo_of(self, event_id: str) -> int | None:
        """Return when the embargo of an event ends; None where it has none, was lifted, or the event is erased."""
        return None if event_id in self._erased else self._current_visibility(event_id).embargo_us

    def runs(self) -> Sequence[Run]:
        """Return the audiences that share a reading, in order; those before the first one see no claim."""
        self._fold()
        return self._runs

    def reading(self, audience: int, cut: Cut = NOW) -> Reading | None:
        """Return what an audience reads, within a cut; None where it sees no event."""
        if cut != NOW:
            return self._reader_of(self._seen_by(audience), cut).reading()
        readers = self._fold()
        first = max((first for first in readers if first <= audience), default=None)
        return None if first is None else readers[first].reading()

    def outline(self, first: int) -> Outline:
        """Return what lists filter by, for the run that begins with this audience."""
        return self._fold()[first].outline()

    def names(self, first: int) -> set[Name]:
        """Return who speaks and which outlets report, for the run that begins with this audience."""
        return self._fold()[first].names

    def effective(self, first: int) -> list[Fact]:
        """Return the events that count, as corrected, for the run that begins with this audience. Costs a fold."""
        reader = Effective()
        reader.add_all(self._seen_by(first), self._erased, self._correct)
        return reader.facts

    def outlines(self, first: int) -> Iterator[Outline]:
        """Yield the outlines of that run at each version that it sees, from the first: who may read is as of now.

        Costs as much as folding the claim once, and once more for each event that targets another.
        """
        seen: list[Fact] = []
        reader = Reader()
        for fact in sorted(self._seen_by(first), key=lambda fact: fact.version):
            seen.append(fact)
            if fact.target is None and fact.event_id not in self._erased:
                reader.add(fact)
            else:
                reader = self._reader_of(seen)
            yield reader.outline()

    def snapshots(self, versions: Sequence[int], kept: Iterable[Snapshot] = ()) -> Iterator[Snapshot]:
        """Yield what each run reads as of each of these versions, which ascend: who may read is as of now.

        `kept` are those of a version before the first of them: they spare folding what came before, as long as
        nothing since then corrects or retracts any of it. The last version of all is at hand anyway.
        """
        positions = {fact.version: fact.position for fact in self._facts.values()}
        before = {snapshot.first: snapshot for snapshot in kept}
        for run in self.runs():
            readers = self._readers_at(run.first, versions, before.get(run.first))
            for version, reader in zip(versions, readers, strict=True):
                yield Snapshot(run.first, version, positions[version], freeze(reader))

    def _readers_at(self, first: int, versions: Sequence[int], kept: Snapshot | None) -> Iterator[Reader]:
        """Yield the reader of that run as of each version; it takes in more before it is yielded again."""
        if list(versions) == [len(self)]:
            yield self._fold()[first]
            return
        seen = sorted(self._seen_by(first), key=attrgetter("version"))
        places = [fact.version for fact in seen]
        reader, taken = (thaw(kept.state), bisect_right(places, kept.version)) if kept else (Reader(), 0)
        for upto in (bisect_right(places, version) for version in versions):
            if reaches_back(seen[taken:upto]):
                reader, taken = Reader(), 0
            reader.add_all(seen[taken:upto], self._erased, self._correct)
            taken = upto
            yield reader

    def _add_plain(self, fact: Fact) -> None:
        if self._readers is None:
            return
        audience = fact.visibility.audience
        if audience not in self._readers:
            self._readers = None
            return
        for first, reader in self._readers.items():
            if first >= audience:
                reader.add(fact)

    def _fold(self) -> dict[int, Reader]:
        if self._readers is None:
            self._visibility = self._reclassified()
            audiences = {self._visibility_of(fact).audience for fact in self._facts.values()}
            self._readers = {audience: self._reader_of(self._seen_by(audience)) for audience in audiences}
            self._runs = tuple(
                Run(first, following - 1) for first, following in pairwise([*sorted(audiences), DESK + 1])
            )
        return self._readers

    def _reader_of(self, facts: Iterable[Fact], cut: Cut = NOW) -> Reader:
        reader = Reader()
        reader.add_all(facts, self._erased, self._correct, cut)
        return reader

    def _reclassified(self) -> dict[str, Visibility]:
        """Return the visibilities that reclassifications have changed, in ledger order."""
        changed: dict[str, Visibility] = {}
        for _, event in sorted(self._reclassifications.items()):
            target = event.data.target_event_id
            if target in self._facts:
                changed[target] = reclassify(changed.get(target, self._facts[target].visibility), event)
        return changed

    def _current_visibility(self, event_id: str) -> Visibility:
        visibility = self._facts[event_id].visibility
        return self._reclassified().get(event_id, visibility) if self._reclassifications else visibility

    def _visibility_of(self, fact: Fact) -> Visibility:
        return self._visibility.get(fact.event_id, fact.visibility)

    def _seen_by(self, audience: int) -> list[Fact]:
        if self._readers is None:
            self._visibility = self._reclassified()
        return [fact for fact in self._facts.values() if self._visibility_of(fact).audience <= audience]

    def _correct(self, fact: Fact, corrections: Sequence[str]) -> Fact:
        key = (fact.event_id, *corrections)
        if key not in self._corrected:
            self._corrected[key] = corrected_fact(fact, corrections, self._read_event)
        return self._corrected[key]


def corrected_fact(fact: Fact, corrections: Sequence[str], read_event: ReadEvent) -> Fact:
    """Return a fact as the corrections of these ids make it."""
    events = (read_event(event_id) for event_id in corrections)
    patches = [event.data.patch for event in events if isinstance(event, EventCorrected)]
    target = read_event(fact.event_id)
    return fact_of(target if isinstance(target, Tombstone) else corrected(target, patches), fact.position)
