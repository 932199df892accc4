"""P2: how long after its 201 a reader sees an event, while others post at half of what the service can take."""

import json
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection
from random import Random
from time import perf_counter, sleep

from benchmarks import stories
from benchmarks.driver import quantile_us
from benchmarks.ledgers import wait_until_covered
from benchmarks.load import LoadFailedError, PacedLoad, running_paced
from benchmarks.plan import CONNECTIONS, Bench
from benchmarks.posting import begin_claims, ledger_posts, mark, one_on_sqlite, posts, round_folder, write_posts
from benchmarks.rows import Row
from benchmarks.servers import Server

_PAUSE_S = 0.02
_ASK_EVERY_S = 0.005
"""Who asks without a pause measures what that takes from the service."""


def measure_p2(bench: Bench) -> Sequence[Row]:
    """Return the median and the 99th percentile of how long a client waits that posts, then asks until it sees."""
    what = "from the 201 until reads show the event, at half of what W1 takes"
    rows = [Row(row_id="P2", what=f"{what}, median", unit="µs"), Row(row_id="P2-p99", what=f"{what}, p99", unit="µs")]
    for index in range(bench.plan.rounds):
        rate, waits_s = _measure(bench)
        for row, share in zip(rows, (0.5, 0.99), strict=True):
            row.add(quantile_us(waits_s, share))
        figures = ", ".join(f"{row.rounds[-1].value:,.0f} µs" for row in rows)
        bench.tell(f"P2 round {index + 1}: {figures}, of {len(waits_s)} events beside {rate:,.0f}/s")
    return rows


def _measure(bench: Bench) -> tuple[float, list[float]]:
    """Return at which rate others posted, and how long each of our events took to show, least first."""
    with round_folder(bench) as folder, one_on_sqlite(folder) as (service,):
        begin_claims(bench, service, folder)
        requests = write_posts(service, ledger_posts(bench), folder / "posts")
        load = posts(service, requests, CONNECTIONS)
        bench.driver.warm_up(load(bench.plan.warm_up_s))
        rate = bench.driver.run(load(bench.plan.load_s)).rate / 2
        wait_until_covered(service, mark(service))
        paced = PacedLoad(load=load(bench.plan.load_s), rate=rate)
        with running_paced(paced) as result:
            waits_s = _watch(service, bench.plan.load_s - 1)
        if result()["refused"]:
            raise LoadFailedError(f"{result()['refused']} events were refused at half of what the service takes")
    return rate, sorted(waits_s)


def _watch(service: Server, seconds: float) -> list[float]:
    """Post an event now and then, ask until a read shows it, and return how long each took."""
    waits_s: list[float] = []
    chance = Random()
    end = perf_counter() + seconds
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        while perf_counter() < end:
            event = stories.first_event(chance, None)
            status, body = _ask(connection, service, "POST", "/v1/events", stories.line(event, stories.new_id(chance)))
            answered = perf_counter()
            if status != 201:
                raise LoadFailedError(f"a single post was answered {status}: {body.decode()[:300]}")
            path = f"/v1/claims/{json.loads(body)['claim_id']}"
            while _ask(connection, service, "GET", path)[0] != 200:
                sleep(_ASK_EVERY_S)
            waits_s.append(perf_counter() - answered)
            sleep(_PAUSE_S)
    return waits_s


def _ask(connection: HTTPConnection, service: Server, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {service.key}", "Content-Type": "application/json"}
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()
