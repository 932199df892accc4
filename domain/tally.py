"""The effective events of a claim, counted and compared as far as the standing's rules need it.

Only assessments leave one by one (when they are superseded): what depends on them stands in heaps that
forget what has left once it comes to the top. All else only grows. So an event costs O(log n), however
long the claim is.
"""

from bisect import bisect_right, insort
from collections import Counter
from heapq import heappop, heappush

from domain.facts import ASSERTIONS, Fact
from domain.times import DAY_US

NEVER = -(2**63)
FOREVER = 2**63
Key = tuple[int, int, int]


class Heap:
    """The assessment with the least key among those that have not left."""

    __slots__ = ("_items", "_left")

    def __init__(self, left: set[str]) -> None:
        self._items: list[tuple[Key, str, Fact]] = []
        self._left = left

    def push(self, fact: Fact, key: int, second: int = 0, third: int = 0) -> None:
        """Add an assessment; at equal keys the smaller second and third come first."""
        heappush(self._items, ((key, second, third), fact.event_id, fact))

    def least(self) -> Fact | None:
        """Return the assessment with the least key."""
        while self._items and self._items[0][1] in self._left:
            heappop(self._items)
        return self._items[0][2] if self._items else None


class Tally:
    """What has been counted. `add` and `drop` are its only ways to change."""

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
        self._first_us, self._last_us = FOREVER, NEVER
        self._affirmed_us: list[int] = []
        left: set[str] = set()
        self._left = left
        self._earliest, self._latest = Heap(left), Heap(left)
        self._refuted_latest, self._refuted_first, self._refuted_earliest = Heap(left), Heap(left), Heap(left)
        self._against, self._supporting = Heap(left), Heap(left)
        self._likelihood, self._verdict = Heap(left), Heap(left)

    def add(self, fact: Fact) -> None:
        """Count an effective event."""
        self.counts[fact.type] += 1
        if fact.type == "ClaimAssessed":
            self._add_assessment(fact)
        elif fact.type in ASSERTIONS:
            self._first_us = min(self._first_us, fact.earliest_us)
            self._last_us = max(self._last_us, fact.latest_us)
            self._add_statement(fact)
        elif fact.type == "EvidenceAttached":
            self.counts[f"evidence {fact.bearing}"] += 1
        if fact.type in ASSERTIONS and _is_late(fact):
            self.counts["late"] += 1

    def drop(self, fact: Fact) -> None:
        """Take out an assessment that was added: another has superseded it."""
        self._left.add(fact.event_id)
        self.counts["ClaimAssessed"] -= 1
        self.counts["decisive"] -= fact.is_decisive
        self.counts["late"] -= _is_late(fact)
        self.leanings[fact.leaning or ""] -= 1

    def _add_statement(self, fact: Fact) -> None:
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
            insort(self._affirmed_us, fact.earliest_us)

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

    def _add_assessment(self, fact: Fact) -> None:
        self.leanings[fact.leaning or ""] += 1
        self._earliest.push(fact, fact.earliest_us)
        self._latest.push(fact, -fact.latest_us)
        if fact.is_decisive:
            self._add_refutation(fact)
        if fact.is_dated and fact.leaning in ("refutes", "mixed"):
            self._against.push(fact, -fact.earliest_us)
        if fact.is_dated and fact.leaning == "supports":
            self._supporting.push(fact, -fact.earliest_us)
        last = (-fact.latest_us, -fact.earliest_us, -int(fact.event_id.replace("-", ""), 16))
        if fact.likelihood is not None:
            self._likelihood.push(fact, *last)
        if fact.verdict is not None:
            self._verdict.push(fact, *last)

    def _add_refutation(self, fact: Fact) -> None:
        self.counts["decisive"] += 1
        self._refuted_latest.push(fact, -fact.latest_us)
        self._refuted_first.push(fact, fact.latest_us)
        if fact.is_dated:
            self._refuted_earliest.push(fact, -fact.earliest_us)

    @property
    def first_us(self) -> int:
        """The earliest instant of an assertion, FOREVER without one."""
        fact = self._earliest.least()
        return min(self._first_us, fact.earliest_us if fact else FOREVER)

    @property
    def last_us(self) -> int:
        """The latest instant of an assertion, NEVER without one."""
        fact = self._latest.least()
        return max(self._last_us, fact.latest_us if fact else NEVER)

    @property
    def refuted_latest_us(self) -> int:
        """The latest instant of the last decisive refutation, NEVER without one."""
        fact = self._refuted_latest.least()
        return fact.latest_us if fact else NEVER

    @property
    def refuted_first_latest_us(self) -> int:
        """The least latest instant of a decisive refutation, FOREVER without one."""
        fact = self._refuted_first.least()
        return fact.latest_us if fact else FOREVER

    @property
    def refuted_earliest_us(self) -> int:
        """The greatest earliest instant of a dated decisive refutation, NEVER without one."""
        fact = self._refuted_earliest.least()
        return fact.earliest_us if fact else NEVER

    @property
    def against_earliest_us(self) -> int:
        """The greatest earliest instant of a dated denial, refuting or mixed assessment, else NEVER."""
        fact = self._against.least()
        return max(self.denial_earliest_us, fact.earliest_us if fact else NEVER)

    @property
    def supporting_earliest_us(self) -> int:
        """The greatest earliest instant of a dated supporting assessment or confirmation, else NEVER."""
        fact = self._supporting.least()
        return max(self.confirmation_earliest_us, fact.earliest_us if fact else NEVER)

    @property
    def last_likelihood(self) -> Fact | None:
        """The last assessment with a likelihood."""
        return self._likelihood.least()

    @property
    def last_verdict(self) -> Fact | None:
        """The last assessment with a verdict."""
        return self._verdict.least()

    def affirmed_after(self, instant_us: int) -> int:
        """Return how many dated affirming reports are certainly later than an instant."""
        return len(self._affirmed_us) - bisect_right(self._affirmed_us, instant_us)


def _is_late(fact: Fact) -> bool:
    return fact.is_dated and fact.recorded_us > fact.latest_us + DAY_US
