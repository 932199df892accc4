"""G1, G2: what a ledger costs that has grown, and a claim that has, beside small ones."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from benchmarks import stories
from benchmarks.grown import EVENTS_A_CLAIM, grow
from benchmarks.ledgers import fill, post_event
from benchmarks.load import Load
from benchmarks.plan import CONNECTIONS, Bench
from benchmarks.posting import post_and_cover, posts, round_folder, write_posts
from benchmarks.reads import long_statuses
from benchmarks.requests import ID_PLACE, write_requests
from benchmarks.rows import Row
from benchmarks.servers import Server, running_service

_IN_THE_NEWS = 1_000
_BODIES = 5_000
_LISTED = 50

Measure = Callable[[int], float]
"""Measures the rate at one size."""


def measure_g1(bench: Bench) -> Sequence[Row]:
    """Return what W1, R1 and R3 are in a large ledger beside a small one; W1 also on claims that are not in memory."""
    sizes = bench.plan.growth_events
    against = f"itself with {sizes[0]:,}"
    stored = f"with {sizes[-1]:,} events stored"
    r1, r3, w1 = (
        Row(row_id=f"G1-{each}", what=f"{each} {stored}", unit="/s", against=against, reach=0.85)
        for each in ("R1", "R3", "W1")
    )
    cold = Row(row_id="G1-cold", what=f"W1 {stored}, to claims anywhere among them", unit="/s", against=against)
    folders = {events: grow(bench, events).folder for events in sizes}
    with ExitStack() as stack:
        services = {events: stack.enter_context(running_service(folder)) for events, folder in folders.items()}
        statuses = set.intersection(*(set(long_statuses(service)) for service in services.values()))
        lists = [f"/v1/claims?status={status}&limit={_LISTED}" for status in sorted(statuses)]
        _grow(bench, r1, sizes, lambda events: _read(bench, services[events], _claim_paths(bench, events)))
        _grow(bench, r3, sizes, lambda events: _read(bench, services[events], lists))
    _grow(bench, w1, sizes, lambda events: _post_to_copy(bench, folders[events], _some_claims(bench, events)))
    _grow(bench, cold, sizes, lambda events: _post_to_copy(bench, folders[events], _all_claims(events)))
    return [r1, r3, w1, cold]


def measure_g2(bench: Bench) -> Sequence[Row]:
    """Return what posting to a long claim, and reading it, is beside short ones; and the first post to it, in ms.

    There are so many short ones that the posts of all rounds do not make them long.
    """
    sizes = bench.plan.growth_versions
    claims = {versions: range(index * 10**5, index * 10**5 + _claims(versions)) for index, versions in enumerate(sizes)}
    against = f"itself with {sizes[0]:,}"
    of = f"a claim with {sizes[-1]:,} events"
    read = Row(row_id="G2-read", what=f"GET of {of}", unit="/s", against=against, reach=0.8)
    append = Row(row_id="G2-append", what=f"durable POST to {of}", unit="/s", against=against, reach=0.8)
    first = Row(row_id="G2-first", what=f"a post to {of} after posts to others", unit="ms")
    folder = bench.folder / "long"

    def post(versions: int) -> float:
        waited_ms = _post_one(bench, service, claims[versions][0])
        if versions == sizes[-1]:
            first.add(waited_ms)
        return _append(bench, service, folder, claims[versions])

    bench.tell(f"filling a ledger with claims of up to {sizes[-1]:,} events")
    with running_service(folder) as service:
        fill(service, folder / "import.ndjson", stories.long_claims(bench.plan.seed, claims))
        paths = {
            versions: [f"/v1/claims/{stories.claim_id(number)}" for number in claims[versions][:_IN_THE_NEWS]]
            for versions in sizes
        }
        _grow(bench, read, sizes, lambda versions: _read(bench, service, paths[versions]))
        _grow(bench, append, sizes, post)
    return [read, append, first]


def _grow(bench: Bench, row: Row, sizes: Sequence[int], measure: Measure) -> None:
    """Measure all sizes in turns; a round's figures are those of the greatest and of the least."""
    found: Mapping[int, list[float]] = {size: [] for size in sizes}
    for index in range(bench.plan.rounds):
        for size in sizes:
            found[size].append(measure(size))
        row.add(found[sizes[-1]][-1], found[sizes[0]][-1])
        told = ", ".join(f"{rates[-1]:,.0f}/s with {size:,}" for size, rates in found.items())
        bench.tell(f"{row.row_id} round {index + 1}: {told}")
    row.curve.update({size: median(rates) for size, rates in found.items()})


def _claim_paths(bench: Bench, events: int) -> Sequence[str]:
    return [f"/v1/claims/{stories.claim_id(number)}" for number in _some_claims(bench, events)]


def _some_claims(bench: Bench, events: int) -> Sequence[int]:
    """Return those that the news is about: as many, however large the ledger is."""
    count = min(_IN_THE_NEWS, len(_all_claims(min(bench.plan.growth_events))))
    return Random(bench.plan.seed).sample(_all_claims(events), count)


def _all_claims(events: int) -> Sequence[int]:
    return range(events // EVENTS_A_CLAIM)


def _read(bench: Bench, service: Server, paths: Sequence[str]) -> float:
    with round_folder(bench) as folder:
        requests = write_requests(folder / "reads", (service.request("GET", path) for path in paths))

        def load(seconds: int) -> Load:
            return Load(port=service.port, requests=requests, connections=CONNECTIONS, seconds=seconds, status=200)

        bench.driver.warm_up(load(bench.plan.warm_up_s))
        return bench.driver.run(load(bench.plan.growth_s)).rate


def _post_to_copy(bench: Bench, grown: Path, claims: Sequence[int]) -> float:
    """Post to a copy, for a small ledger would not stay small."""
    with round_folder(bench) as folder:
        data = shutil.copytree(grown, folder / "data")
        os.sync()  # or the posts would wait for the copy to be written
        with running_service(data) as service:
            bodies = stories.posts(bench.plan.seed, _BODIES, claims)
            load = posts(service, write_posts(service, bodies, folder / "posts"), CONNECTIONS)
            return post_and_cover(bench, service, [load], bench.plan.growth_s).rate


def _post_one(bench: Bench, service: Server, claim: int) -> float:
    """Post one event, which has the claim read if it is not in memory, and return how many ms it took."""
    # Another id each time: with the same it would be a retry, which reads no claim.
    body = stories.line(stories.later_event(Random(bench.plan.seed), claim), stories.new_id(Random()))
    began_s = perf_counter()
    post_event(service, body)
    return 1000 * (perf_counter() - began_s)


def _append(bench: Bench, service: Server, folder: Path, claims: range) -> float:
    chance = Random(bench.plan.seed)
    bodies = [
        stories.line(stories.later_event(chance, claims[index % len(claims)]), ID_PLACE)
        for index in range(max(_BODIES, len(claims)))
    ]
    load = posts(service, write_posts(service, bodies, folder / "posts"), CONNECTIONS)
    return post_and_cover(bench, service, [load], bench.plan.growth_s).rate


def _claims(versions: int) -> int:
    """Return how many claims of a length there are."""
    return max(1, 20_000 // versions)
