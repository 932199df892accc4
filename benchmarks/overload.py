"""O1: three times as many posts as the service can take: what it still records, whom it turns away and how."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event, Thread

from benchmarks.ledgers import wait_until_covered
from benchmarks.load import Load, PacedLoad, running_paced
from benchmarks.memory import memory_mb
from benchmarks.plan import CONNECTIONS, Bench
from benchmarks.posting import begin_claims, ledger_posts, mark, one_on_sqlite, posts, round_folder, write_posts
from benchmarks.rows import Row
from benchmarks.servers import Server

ROW_IDS = ("O1", "O1-p99", "O1-refused", "O1-memory", "O1-after")
_TIMES = 3
_CLIENTS = 1_000
_LOOK_S = 0.1


class Memory:
    """Looks again and again how much memory a process has."""

    def __init__(self, pid: int) -> None:
        """Begin to look."""
        self._pid = pid
        self._looks_mb: list[float] = [memory_mb(pid)]
        self._is_over = Event()
        self._thread = Thread(target=self._watch)
        self._thread.start()

    def end(self) -> float:
        """Look no more, and return by how many MB it had grown at most."""
        self._is_over.set()
        self._thread.join()
        return max(self._looks_mb) - self._looks_mb[0]

    def _watch(self) -> None:
        while not self._is_over.wait(_LOOK_S):
            self._looks_mb.append(memory_mb(self._pid))


def measure_overload(bench: Bench) -> Sequence[Row]:
    """Return what is recorded under overload beside the best without, how soon, what it costs, and what is after."""
    at = f"at {_TIMES} times the best rate"
    rows = [
        Row(row_id="O1", what=f"events recorded {at}", unit="/s", against="the best", reach=0.9),
        Row(row_id="O1-p99", what=f"p99 of a 201 {at}", unit="ms", reach=1_000, is_lower_better=True),
        Row(row_id="O1-refused", what=f"p99 of a 503 {at}", unit="ms"),
        Row(row_id="O1-memory", what=f"growth of memory {at}, at most", unit="MB"),
        Row(row_id="O1-after", what="events recorded right after it", unit="/s", against="the best", reach=0.9),
    ]
    for index in range(bench.plan.rounds):
        rounds = _measure(bench)
        for row, (value, against) in zip(rows, rounds, strict=True):
            row.add(value, against)
        told = ", ".join(f"{row.row_id} {value:,.0f} {row.unit}" for row, (value, _) in zip(rows, rounds, strict=True))
        bench.tell(f"O1 round {index + 1}: best {rounds[0][1]:,.0f}/s, {told}")
    return rows


def _measure(bench: Bench) -> Sequence[tuple[float, float | None]]:
    with round_folder(bench) as folder, one_on_sqlite(folder) as (service,):
        begin_claims(bench, service, folder)
        load = posts(service, write_posts(service, ledger_posts(bench), folder / "posts"), CONNECTIONS)
        bench.driver.warm_up(load(bench.plan.warm_up_s))
        best = bench.driver.run(load(bench.plan.load_s)).rate
        wait_until_covered(service, mark(service))
        grown_mb, found = _overload(bench, service, load, best)
        after = bench.driver.run(load(bench.plan.warm_up_s)).rate
    bench.tell(f"  {found}")
    return [
        (found["answers"] / found["seconds"], best),
        (found["p99_us"] / 1_000, None),
        (found["refused_p99_us"] / 1_000, None),
        (grown_mb, None),
        (after, best),
    ]


def _overload(
    bench: Bench, service: Server, load: Callable[[int], Load], best: float
) -> tuple[float, dict[str, float]]:
    memory = Memory(service.pid)
    flood = replace(load(bench.plan.load_s), connections=_CLIENTS)
    try:
        with running_paced(PacedLoad(load=flood, rate=_TIMES * best)) as result:
            pass
    finally:
        grown_mb = memory.end()
    return grown_mb, result()
