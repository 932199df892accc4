"""The effective events of a claim, counted and compared as far as the standing's rules need it.

Only assessments leave one by one (when they are superseded): what depends on them stands in heaps that
forget what has left once it comes to the top. All else only grows. So an event costs O(log n), however
long the claim is.
"""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from domain.facts import ASSERTIONS, Fact
from domain.leaning import Leaning
from domain.times import DAY_US
from domain.values import Likelihood

NEVER = -(2**63)
FOREVER = 2**63


class Weighing(NamedTuple):
    """What an assessment counts for, as long as no other supersedes it."""

    earliest_us: int
    latest_us: int
    is_dated: bool
    is_late: bool
    leaning: Leaning
    is_decisive: bool
    verdict: str | None
    likelihood: Likelihood | None


class Heap:
    """The ids of assessments by their keys, the least of those that are still held."""

    __slots__ = ("_held", "_items", "_new")

    def __init__(self, held: Mapping[str, Weighing]) -> None:
        self._items: list[tuple[int, int, int, str]] = []
        self._new: list[tuple[int, int, int, str]] = []
        self._held = held

    def push(self, event_id: str, key: int, second: int = 0, third: int = 0) -> None:
        """Add an assessment; at equal keys the smaller second and third come first."""
        self._new.append((key, second, third, event_id))

    def least(self) -> int:
        """Return the least key, FOREVER without one."""
        return self._items[0][0] if self.first() is not None else FOREVER

    def first(self) -> str | None:
        """Return the id of the assessment with the least key."""
        if self._new:
            self._take_in()
        while self._items and self._items[0][3] not in self._held:
            heappop(self._items)
        return self._items[0][3] if self._items else None

    def _take_in(self) -> None:
        # Nobody asks while a long claim is folded: then all of them are put in order at once.
        if len(self._new) > len(self._items):
            self._items += self._new
            heapify(self._items)
        else:
            for item in self._new:
                heappush(self._items, item)
        self._new.clear()


class Tally:
    """What has been counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.leanings: Counter[str] = Counter()
        self.outlets: set[str] = set()
        self.named_origins: set[str | None] = set()
        self.anonymous_origins: set[str | None] = set()
        self.confirmed_earliest_us = NEVER
        self.confirmed_latest_us = NEVER
        self.confirmed_first_latest_us = FOREVER
        self.confirmation_earliest_us = NEVER
        self.denial_earliest_us = NEVER
        self.stated_first_us, self.stated_last_us = FOREVER, NEVER
        self.affirmed_us: list[int] = []
        self.assessments: dict[str, Weighing] = {}
        self._superseded: set[str] = set()
        held = self.assessments
        self._earliest, self._latest = Heap(held), Heap(held)
        self._refuted_latest, self._refuted_first, self._refuted_earliest = Heap(held), Heap(held), Heap(held)
        self._against, self._supporting = Heap(held), Heap(held)
        self._likelihood, self._verdict = Heap(held), Heap(held)

    def add(self, fact: Fact) -> None:
        """Count an effective event."""
        if fact.type == "ClaimAssessed":
            self._add_assessment(fact)
            return
        self.counts[fact.type] += 1
        if fact.type in ASSERTIONS:
            self._add_statement(fact)
        elif fact.type == "EvidenceAttached":
            self.counts[f"evidence {fact.bearing}"] += 1

    def hold(self, event_id: str, weighing: Weighing) -> None:
        """Compare an assessment that is counted with the others from now on."""
        self.assessments[event_id] = weighing
        earliest_us, latest_us, is_dated, _, leaning, is_decisive, verdict, likelihood = weighing
        self._earliest.push(event_id, earliest_us)
        self._latest.push(event_id, -latest_us)
        if is_decisive:
            self._refuted_latest.push(event_id, -latest_us)
            self._refuted_first.push(event_id, latest_us)
            if is_dated:
                self._refuted_earliest.push(event_id, -earliest_us)
        if is_dated and leaning in ("refutes", "mixed"):
            self._against.push(event_id, -earliest_us)
        if is_dated and leaning == "supports":
            self._supporting.push(event_id, -earliest_us)
        last = (-latest_us, -earliest_us, -int(event_id.replace("-", ""), 16))
        if likelihood is not None:
            self._likelihood.push(event_id, *last)
        if verdict is not None:
            self._verdict.push(event_id, *last)

    def _add_assessment(self, fact: Fact) -> None:
        if fact.supersedes is not None:
            self._supersede(fact.supersedes)
        if fact.event_id in self._superseded:
            return
        weighing = Weighing(
            fact.earliest_us,
            fact.latest_us,
            fact.is_dated,
            _is_late(fact),
            fact.leaning or "neutral",
            fact.is_decisive,
            fact.verdict,
            fact.likelihood,
        )
        self._count_assessment(weighing, 1)
        self.hold(fact.event_id, weighing)

    def _supersede(self, event_id: str) -> None:
        self._superseded.add(event_id)
        weighing = self.assessments.pop(event_id, None)
        if weighing is not None:
            self._count_assessment(weighing, -1)

    def _count_assessment(self, weighing: Weighing, sign: int) -> None:
        self.counts["ClaimAssessed"] += sign
        self.leanings[weighing.leaning] += sign
        if weighing.is_decisive:
            self.counts["decisive"] += sign
        if weighing.is_late:
            self.counts["late"] += sign

    def _add_statement(self, fact: Fact) -> None:
        self.stated_first_us = min(self.stated_first_us, fact.earliest_us)
        self.stated_last_us = max(self.stated_last_us, fact.latest_us)
        if _is_late(fact):
            self.counts["late"] += 1
        if fact.type == "ClaimReported":
            self._add_report(fact)
        elif fact.type == "ClaimConfirmed":
            self._add_confirmation(fact)
        else:
            self.counts["direct"] += fact.is_direct
            if fact.is_dated:
                self.denial_earliest_us = max(self.denial_earliest_us, fact.earliest_us)

    def _add_report(self, fact: Fact) -> None:
        self.counts["affirming"] += fact.is_affirming
        self.counts["anonymous"] += fact.is_anonymous
        (self.anonymous_origins if fact.is_anonymous else self.named_origins).add(fact.origin)
        if fact.outlet is not None:
            self.outlets.add(fact.outlet)
        if fact.is_affirming and fact.is_dated:
            # Mostly at the end; elsewhere one memmove of eight bytes a report, which no claim is long enough to feel.
            insort(self.affirmed_us, fact.earliest_us)

    def _add_confirmation(self, fact: Fact) -> None:
        if fact.is_dated:
            self.confirmation_earliest_us = max(self.confirmation_earliest_us, fact.earliest_us)
        if not fact.is_full:
            return
        self.counts["confirmed"] += 1
        self.confirmed_latest_us = max(self.confirmed_latest_us, fact.latest_us)
        self.confirmed_first_latest_us = min(self.confirmed_first_latest_us, fact.latest_us)
        if fact.is_dated:
            self.confirmed_earliest_us = max(self.confirmed_earliest_us, fact.earliest_us)

    @property
    def first_us(self) -> int:
        """The earliest instant of an assertion, FOREVER without one."""
        return min(self.stated_first_us, self._earliest.least())

    @property
    def last_us(self) -> int:
        """The latest instant of an assertion, NEVER without one."""
        return max(self.stated_last_us, -self._latest.least())

    @property
    def refuted_latest_us(self) -> int:
        """The latest instant of the last decisive refutation, NEVER without one."""
        return -self._refuted_latest.least()

    @property
    def refuted_first_latest_us(self) -> int:
        """The least latest instant of a decisive refutation, FOREVER without one."""
        return self._refuted_first.least()

    @property
    def refuted_earliest_us(self) -> int:
        """The greatest earliest instant of a dated decisive refutation, NEVER without one."""
        return -self._refuted_earliest.least()

    @property
    def against_earliest_us(self) -> int:
        """The greatest earliest instant of a dated denial, refuting or mixed assessment, else NEVER."""
        return max(self.denial_earliest_us, -self._against.least())

    @property
    def supporting_earliest_us(self) -> int:
        """The greatest earliest instant of a dated supporting assessment or confirmation, else NEVER."""
        return max(self.confirmation_earliest_us, -self._supporting.least())

    @property
    def last_likelihood(self) -> tuple[str, Likelihood] | None:
        """The last assessment with a likelihood: its id, and the likelihood."""
        event_id = self._likelihood.first()
        said = None if event_id is None else self.assessments[event_id].likelihood
        return None if event_id is None or said is None else (event_id, said)

    @property
    def last_verdict(self) -> tuple[str, str] | None:
        """The last assessment with a verdict: its id, and the verdict."""
        event_id = self._verdict.first()
        said = None if event_id is None else self.assessments[event_id].verdict
        return None if event_id is None or said is None else (event_id, said)

    def affirmed_after(self, instant_us: int) -> int:
        """Return how many dated affirming reports are certainly later than an instant."""
        return len(self.affirmed_us) - bisect_right(self.affirmed_us, instant_us)


def _is_late(fact: Fact) -> bool:
    return fact.is_dated and fact.recorded_us > fact.latest_us + DAY_US
