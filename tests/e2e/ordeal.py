"""Faults that befall services under load one after another, and how long clients went without an answer in each."""

import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle, pairwise
from time import monotonic, sleep
from typing import NamedTuple

from tests.e2e.clients import History, clients
from tests.e2e.cluster import Node, check_in_the_end

Faults = Mapping[str, Callable[[], None]]
SOAK_S = 60 * float(os.environ.get("SOAK_MINUTES", "30"))
CALM_S = 10.0
"""How long clients work between two faults of a soak."""
_ENOUGH = 30


class Span(NamedTuple):
    """A fault, and from when to when: until each client had been served again."""

    fault: str
    began_s: float
    ended_s: float


class Ordeal:
    """What befell the services while clients wrote down their history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._spans: list[Span] = []

    def befall(self, fault: str, cause: Callable[[], None]) -> None:
        """Let a fault happen, and wait until every client has got what it asked for again."""
        began_s, before = monotonic(), len(self._history.receipts)
        cause()
        over_s = monotonic()
        while len(self._history.receipts) < before + _ENOUGH or not self._history.is_everybody_served(over_s):
            assert monotonic() < over_s + 60, f"clients are no longer served after this: {fault}"
            sleep(0.02)
        self._spans.append(Span(fault, began_s, monotonic()))

    def go_on(self, faults: Faults, seconds: float, calm_s: float = 0) -> None:
        """Let faults happen in turns, each once at least and for so long, with some calm after each."""
        until_s = monotonic() + seconds
        for number, (fault, cause) in enumerate(cycle(faults.items())):
            if number >= len(faults) and monotonic() >= until_s:
                return
            self.befall(fault, cause)
            sleep(calm_s)

    def summary(self) -> str:
        """Return what was acknowledged, and of each kind of fault the longest pauses, as a table."""
        receipts = self._history.receipts
        acknowledged = len({receipt["event_id"] for receipt in receipts})
        told = (
            f"{acknowledged:,} events were acknowledged by {len(receipts):,} receipts; every one is in the ledger, once"
        )
        heading = f"{'longest pause in seconds':36}{'faults':>8}{'no answer':>11}{'503 or none':>13}{'no event':>10}"
        return "\n".join([told, heading, *map(self._row, dict.fromkeys(span.fault for span in self._spans))])

    def _row(self, fault: str) -> str:
        spans = [span for span in self._spans if span.fault == fault]
        answered = [[answer.at_s for answer in each] for each in self._history.answers]
        served = [[answer.at_s for answer in each if answer.is_served] for each in self._history.answers]
        pauses = [_longest_s(each, spans) for each in (answered, served, [sorted(self._history.receipts_at_s)])]
        return f"{fault:36}{len(spans):8}{pauses[0]:11.1f}{pauses[1]:13.1f}{pauses[2]:10.1f}"


def endure(
    nodes: Sequence[Node], key: str, chance: random.Random, faults: Faults, seconds: float, calm_s: float = 0
) -> None:
    """Let faults befall services under load for so long, check everything in the end, and print the longest pauses."""
    with clients(nodes, key, chance.randrange(2**32)) as history:
        ordeal = Ordeal(history)
        ordeal.go_on(faults, seconds, calm_s)
    check_in_the_end(nodes, key, history)
    print(ordeal.summary())  # noqa: T201  # for the reports


def faults_of(nodes: Sequence[Node], chance: random.Random) -> Faults:
    """Return what befalls one of these services, whichever engine it is on."""
    return {
        "kill -9 of a service": lambda: _kill(chance.choice(nodes)),
        # Less, and more, than who holds the head may stand still.
        "a service stopped for 0.5 s": lambda: _freeze(chance.choice(nodes), 0.5),
        "a service stopped for 6.5 s": lambda: _freeze(chance.choice(nodes), 6.5),
    }


def new_chance() -> random.Random:
    """Return a source of chance, and print its seed: a failure is looked into with it."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # for the reports
    return random.Random(seed)


def _kill(node: Node) -> None:
    node.kill()
    node.start()


def _freeze(node: Node, seconds: float) -> None:
    node.freeze()
    sleep(seconds)
    node.thaw()


def _longest_s(instants: Iterable[list[float]], spans: list[Span]) -> float:
    """Return the longest time between two instants of one of these lines that ended within a span."""
    return max(
        (
            after_s - before_s
            for line in instants
            for before_s, after_s in pairwise(line)
            if any(span.began_s <= after_s <= span.ended_s for span in spans)
        ),
        default=0.0,
    )
