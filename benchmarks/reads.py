"""R1 to R4: polls, lists and histories out of one ledger, beside FastAPI answering the same bytes ready made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from benchmarks import stories
from benchmarks.ledgers import fill, get
from benchmarks.load import Load, LoadFailedError
from benchmarks.plan import CONNECTIONS, Bench
from benchmarks.requests import write_requests
from benchmarks.rows import Row
from benchmarks.servers import Server, running_service, running_yardstick

ROW_IDS = ("R1", "R2", "R3", "R4", "R1c")
_HISTORIES = 20
_HISTORY_EVENTS = 100
_POLLED = 1_000
_LISTED = 50

Ready = Mapping[str, Mapping[str, str]]
"""What the service answers: {path: {"etag", "body"}}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What one row asks: paths, on how many connections, and whether the client has the answers already."""

    row: Row
    paths: Sequence[str]
    connections: int = CONNECTIONS
    is_known: bool = False


def measure_reads(bench: Bench) -> Sequence[Row]:
    """Return the rows that are asked for, all on one ledger."""
    folder = bench.folder / "reads"
    with running_service(folder) as service:
        bench.tell(f"filling a ledger of {bench.plan.claims:,} claims")
        lines = stories.ledger(bench.plan.seed, bench.plan.claims, _HISTORIES, _HISTORY_EVENTS)
        fill(service, folder / "ledger.ndjson", lines)
        wanted = [reads for reads in _all_reads(bench, service) if bench.wants(reads.row.row_id)]
        ready = {path: _answer(service, path) for reads in wanted for path in reads.paths}
        written = folder / "ready.json"
        written.write_text(json.dumps(ready), encoding="utf-8")
        with running_yardstick(folder, str(written)) as yardstick:
            return [_measure(bench, reads, ready, (service, yardstick), folder) for reads in wanted]


def _all_reads(bench: Bench, service: Server) -> Sequence[Reads]:
    plan = bench.plan
    polled = Random(plan.seed).sample(range(_HISTORIES, plan.claims), min(_POLLED, plan.claims - _HISTORIES))
    claims = [f"/v1/claims/{stories.claim_id(number)}" for number in polled]
    lists = [f"/v1/claims?status={status}&limit={_LISTED}" for status in long_statuses(service)]
    histories = [f"/v1/claims/{stories.claim_id(number)}/history" for number in range(_HISTORIES)]
    of_list = f"list of {_LISTED} claims by status, in a ledger of {plan.claims:,} claims"
    of_history = f"history of a claim with {_HISTORY_EVENTS} events"
    return [
        Reads(row=_row("R1", f"GET of a claim's standing, {CONNECTIONS} connections", 1.6), paths=claims),
        Reads(row=_row("R2", "the same with If-None-Match", 1.6, "C-304"), paths=claims, is_known=True),
        Reads(row=_row("R3", of_list, 0.7), paths=lists),
        Reads(row=_row("R4", of_history, 0.7), paths=histories),
        Reads(row=_row("R1c", "GET of a claim's standing, 1 connection"), paths=claims, connections=1),
    ]


def _row(row_id: str, what: str, reach: float | None = None, against: str = "C-get") -> Row:
    return Row(row_id=row_id, what=what, unit="/s", against=against, reach=reach)


def long_statuses(service: Server) -> list[str]:
    """Return the statuses that enough claims have for a whole page."""
    statuses: dict[str, int] = json.loads(get(service, "/v1/summary")[1])["statuses"]
    return [status for status, claims in statuses.items() if claims >= _LISTED]


def _answer(service: Server, path: str) -> dict[str, str]:
    """Return what the service answers. Raises LoadFailedError unless it is 200, and whole."""
    answer, body = get(service, path)
    members = json.loads(body)
    is_whole = len(members.get("claims", members.get("events", ()))) in (0, _LISTED, _HISTORY_EVENTS)
    if answer.status != 200 or not is_whole:
        raise LoadFailedError(f"{path} is answered {answer.status}: {body.decode()[:300]}")
    return {"etag": answer.headers["ETag"], "body": body.decode()}


def _measure(bench: Bench, reads: Reads, ready: Ready, sides: Sequence[Server], folder: Path) -> Row:
    """Return the row, its sides measured in alternating rounds when both are warm."""
    files = [_write(reads, ready, server, folder / f"requests-{server.port}") for server in sides]
    service, yardstick = (partial(_load, reads, server, file) for server, file in zip(sides, files, strict=True))
    for load in (service, yardstick):
        bench.driver.warm_up(load(bench.plan.warm_up_s))
    for index in range(bench.plan.rounds):
        ours = bench.driver.run(service(bench.plan.load_s)).rate
        theirs = bench.driver.run(yardstick(bench.plan.load_s)).rate
        reads.row.add(ours, theirs)
        bench.tell(f"{reads.row.row_id} round {index + 1}: {ours:,.0f}/s, {reads.row.against} {theirs:,.0f}/s")
    return reads.row


def _write(reads: Reads, ready: Ready, server: Server, file: Path) -> Path:
    if not reads.is_known:
        return write_requests(file, (server.request("GET", path) for path in reads.paths))
    # The yardstick answers 304 at an address of its own, so that C-get need not look for the header.
    suffix = "/tagged" if server.is_yardstick else ""
    tagged = [(path + suffix, ready[path]["etag"]) for path in reads.paths]
    return write_requests(file, (server.request("GET", path, If_None_Match=etag) for path, etag in tagged))


def _load(reads: Reads, server: Server, requests: Path, seconds: int) -> Load:
    status = 304 if reads.is_known else 200
    return Load(port=server.port, requests=requests, connections=reads.connections, seconds=seconds, status=status)
