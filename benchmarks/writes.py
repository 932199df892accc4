"""W1, W3, W4: durable events in over HTTP, each round on a fresh ledger."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from benchmarks import stories
from benchmarks.bare import commit_single_rows_us, insert_in_batches
from benchmarks.ledgers import import_file, wait_until_covered, write_lines
from benchmarks.plan import CONNECTIONS, Bench
from benchmarks.posting import CLAIMS_BEGUN, post_to_part, post_to_service, post_to_yardstick, round_folder
from benchmarks.rows import Row
from benchmarks.servers import running_service

_BARE_COMMIT_S = 1.0


def measure_w1(bench: Bench) -> Sequence[Row]:
    """Return W1 and its check against bare ASGI: single posts on 64 connections."""
    what = f"durable single POSTs, {CONNECTIONS} connections"
    w1 = Row(row_id="W1", what=what, unit="/s", against="C-post", reach=1.2)
    raw = Row(row_id="W1-raw", what=what, unit="/s", against="C-raw", reach=0.2)
    for index in range(bench.plan.rounds):
        ours = post_to_service(bench, bench.plan.post_s, CONNECTIONS)
        ordinary = post_to_yardstick(bench, bench.plan.load_s, CONNECTIONS)
        least = post_to_yardstick(bench, bench.plan.load_s, CONNECTIONS, "--raw")
        w1.add(ours.rate, ordinary.rate)
        raw.add(ours.rate, least.rate)
        told = f"{ours.rate:,.0f}/s, C-post {ordinary.rate:,.0f}/s, C-raw {least.rate:,.0f}/s"
        bench.tell(f"W1 round {index + 1}: {told}")
    return [w1, raw]


def measure_parts(bench: Bench) -> Sequence[Row]:
    """Return what W1 would be if nothing was recorded, and if nobody saw what is: what its limit is made of."""
    parts = {
        "answered": Row(
            row_id="W1-answered", what="W1, if posts were only read and answered", unit="/s", against="C-post"
        ),
        "recorded": Row(row_id="W1-recorded", what="W1, without read models and log", unit="/s", against="C-post"),
    }
    for index in range(bench.plan.rounds):
        ordinary = post_to_yardstick(bench, bench.plan.load_s, CONNECTIONS)
        for part, row in parts.items():
            row.add(post_to_part(bench, bench.plan.load_s, CONNECTIONS, part).rate, ordinary.rate)
        told = ", ".join(f"{part} {row.rounds[-1].value:,.0f}/s" for part, row in parts.items())
        bench.tell(f"parts of W1 round {index + 1}: {told}, C-post {ordinary.rate:,.0f}/s")
    return list(parts.values())


def measure_w3(bench: Bench) -> Sequence[Row]:
    """Return W3, the latency of single posts on one connection, and W1c, how many go through it."""
    bare = "C-post + one bare durable commit"
    what = "durable POST on one connection, median latency"
    w3 = Row(row_id="W3", what=what, unit="µs", against=bare, reach=1.3, is_lower_better=True)
    w1c = Row(row_id="W1c", what="durable single POSTs, 1 connection", unit="/s", against="C-post")
    lines = list(stories.posts(bench.plan.seed, 1_000, range(CLAIMS_BEGUN)))
    for index in range(bench.plan.rounds):
        # On both sides of the service's turn: a disk that others use may be ten times slower a second later.
        before_us = _commit_us(bench, lines)
        ours = post_to_service(bench, bench.plan.load_s, 1)
        commit_us = (before_us + _commit_us(bench, lines)) / 2
        ordinary = post_to_yardstick(bench, bench.plan.load_s, 1)
        w3.add(ours.p50_us, ordinary.p50_us + commit_us)
        w1c.add(ours.rate, ordinary.rate)
        told = f"{ours.p50_us:,.0f} µs, C-post {ordinary.p50_us:,.0f} µs, bare commit {commit_us:,.0f} µs"
        bench.tell(f"W3 round {index + 1}: {told}")
    return [w3, w1c]


def measure_w4(bench: Bench) -> Sequence[Row]:
    """Return W4, an import by NDJSON, and the same until reads show it."""
    against = "C-db, 1,000 a transaction"
    w4 = Row(row_id="W4", what="NDJSON import over HTTP, events", unit="/s", against=against, reach=0.25)
    shown = Row(row_id="W4-read", what="the same, until reads show the last", unit="/s", against=against)
    lines = _lines(bench, bench.plan.import_lines)
    path = write_lines(bench.folder / "import.ndjson", lines)
    for index in range(bench.plan.rounds):
        durable, visible = _import_into_service(bench, path)
        with round_folder(bench) as folder:
            bare = insert_in_batches(folder, lines)
        w4.add(durable, bare)
        shown.add(visible, bare)
        bench.tell(f"W4 round {index + 1}: {durable:,.0f}/s, shown {visible:,.0f}/s, C-db {bare:,.0f}/s")
    return [w4, shown]


def _commit_us(bench: Bench, lines: Sequence[bytes]) -> float:
    with round_folder(bench) as folder:
        return commit_single_rows_us(folder, lines, _BARE_COMMIT_S)


def _import_into_service(bench: Bench, path: Path) -> tuple[float, float]:
    """Return events a second until the last was answered, and until reads showed it."""
    with round_folder(bench) as folder, running_service(folder / "data") as service:
        start = perf_counter()
        imported = import_file(service, path)
        covered = wait_until_covered(service, imported.position)
    return imported.count / (imported.ended - start), imported.count / (covered - start)


def _lines(bench: Bench, count: int) -> list[bytes]:
    """Return so many lines, of which two thirds begin a claim."""
    return list(stories.ledger(bench.plan.seed, (2 * count + 2) // 3))[:count]
