"""Metrics: plain numbers that are counted as things happen, and put into Prometheus' form when asked for."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from api.ports import OutcomeUnknownError, UnavailableError
from domain.errors import Refusal
from service.lag import Lag
from service.publishing.service import LogNumbers
from service.requests import Request

Counts = Mapping[tuple[str | int, ...], int]
"""How many, by the values of the labels."""

HELP = {
    "onrecord_appends": "Events that clients posted, by outcome: recorded, duplicate, refused (code says why), "
    "unavailable, unknown, failed. Much refused: a client is wrong. Any unavailable or unknown: the disk or the load. "
    "Any failed: a bug.",
    "onrecord_batch_events": "Events that went into one batch. Near ONRECORD_BATCH_LIMIT all the time: the load is "
    "more than the disk can take.",
    "onrecord_commit_seconds": "How long it took to write a batch and make it durable. Over 0.1 most of the time: the "
    "disk is slow or shared.",
    "onrecord_queue_events": "Events that wait to be recorded. Near ONRECORD_QUEUE_LIMIT: the next clients get a 503.",
    "onrecord_ledger_position": "The last position of the ledger. Falls: an older ledger was put in its place.",
    "onrecord_read_model_position": "The position that reads show. Stands still while the ledger's grows: the read "
    "models are stuck, and the log says why.",
    "onrecord_projection_lag_events": "Events that reads do not show yet. Grows and grows: the read models are stuck, "
    "or too slow for the load.",
    "onrecord_projection_lag_seconds": "How long the oldest event that reads do not show yet has waited, to a second. "
    "Over 5: clients that wait for their own writes get a 503.",
    "onrecord_checkpoint_size": "Events that the last signed checkpoint of the log covers. Stands still for a minute "
    "while onrecord_ledger_position is greater: nothing is signed, and the log says why.",
    "onrecord_checkpoint_age_seconds": "How long ago the last checkpoint was signed. Grows while nothing is appended; "
    "over 60 while something is: nothing is signed.",
    "onrecord_log_broken": "1 where tree, ledger and what was signed do not agree. Nothing is appended any more, and "
    "/readyz says why: do not restart it away, look.",
    "onrecord_witness_size": "Events that the last checkpoint covers which a witness has signed. Falls behind "
    "onrecord_checkpoint_size for long: the witness is away or refuses.",
    "onrecord_witness_alarms": "How often a witness has found that the log does not agree with what it had signed. "
    "Any: the ledger was put back or altered, or somebody else signs with its key.",
    "onrecord_requests": "Requests answered, by method, route and status. Many 5xx: see the log by request id. Many "
    "401 or 403: a wrong key, or somebody tries keys. Route none: addresses that do not exist; route overloaded: "
    "posts that were turned away because more came than can be recorded.",
    "onrecord_process_cpu_seconds": "Processor time used. Grows by 1 a second: one core is busy all the time, and "
    "answers get slow.",
    "onrecord_process_resident_memory_bytes": "Memory in use. Grows for days: a leak.",
    "onrecord_process_virtual_memory_bytes": "Address space in use. Says little by itself.",
    "onrecord_process_start_time_seconds": "When the process started, in seconds since 1970. Changes unasked: it "
    "crashed and was started again.",
    "onrecord_process_open_fds": "Files and connections that are open. Near onrecord_process_max_fds: connections are "
    "about to be refused.",
    "onrecord_process_max_fds": "How many files and connections may be open. Under 1,024: raise it where the service "
    "is started.",
}
"""Every metric, without the _total of counters, and what a bad value means."""

_NONE_YET: Counts = {(outcome, ""): 0 for outcome in ("unavailable", "unknown", "failed")}
_BATCH_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)
_COMMIT_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Histogram:
    """How many values lie in each bucket, and their sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value; a bound belongs to the bucket below it."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def family(self, name: str) -> Metric:
        """Return it in the library's form."""
        buckets, below = [], 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), tuple(self._counts), strict=True):
            below += count
            buckets.append((bound, float(below)))
        return HistogramMetricFamily(name, HELP[name], buckets=buckets, sum_value=self._sum)


class Telemetry(Collector):
    """Counts what the service does, and renders it.

    Each number is written by one thread alone, so that counting needs no lock: what concerns requests by the
    event loop, what concerns batches by the sequencer.
    """

    def __init__(self, lag: Lag, queue_events: Callable[[], int], log_numbers: Callable[[], LogNumbers]) -> None:
        """Begin at zero; `queue_events` says how many events wait, `log_numbers` how the log does."""
        self._lag = lag
        self._queue_events = queue_events
        self._log_numbers = log_numbers
        self._requests: dict[tuple[str | int, ...], int] = {}
        self._recorded = self._known = 0
        self._lost: Counter[tuple[str | int, ...]] = Counter()
        self._never_queued: Counter[tuple[str | int, ...]] = Counter()
        self._batch_events = Histogram(_BATCH_BOUNDS)
        self._commit_s = Histogram(_COMMIT_BOUNDS_S)
        self._process = ProcessCollector(namespace="onrecord", registry=None)
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def observe_request(self, method: str, route: str, status: int) -> None:
        """Count a request that is answered. Runs on the event loop."""
        key = (method, route, status)
        self._requests[key] = self._requests.get(key, 0) + 1

    def observe_refusal(self, code: str) -> None:
        """Count a posted event that was refused before it reached the ledger. Runs on the event loop."""
        self._never_queued["refused", code] += 1

    def turned_away(self, events: int) -> None:
        """Count the events of a request that was not queued. Runs on the event loop."""
        self._never_queued["unavailable", ""] += events

    def settled(self, requests: Sequence[Request]) -> None:
        """Count what became of the events of one batch. Runs in the sequencer's thread."""
        events = known = lost = 0
        for request in requests:
            for group, outcome in zip(request.groups, request.outcomes, strict=True):
                events += len(group)
                if isinstance(outcome, tuple):
                    for receipt in outcome:
                        known += receipt.duplicate
                else:
                    lost += len(group)
                    self._lost[_label(outcome)] += len(group)
        self._recorded += events - known - lost
        self._known += known
        self._batch_events.observe(events)

    def committed(self, position: int, seconds: float) -> None:
        """Note how far the ledger goes, and how long the last batch took. Runs in the sequencer's thread."""
        self._commit_s.observe(seconds)
        self._lag.appended(position)

    def render(self) -> bytes:
        """Return every metric in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, as the registry asks for them."""
        settled: Counts = {("recorded", ""): self._recorded, ("duplicate", ""): self._known}
        appends: list[Counts] = [_NONE_YET, settled, self._lost, self._never_queued]
        yield _counter("onrecord_appends", ("outcome", "code"), appends)
        yield self._batch_events.family("onrecord_batch_events")
        yield self._commit_s.family("onrecord_commit_seconds")
        yield _counter("onrecord_requests", ("method", "route", "status"), [self._requests])
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(name, HELP[name], value)
        yield from _log_metrics(self._log_numbers())
        for metric in self._process.collect():
            metric.documentation = HELP[metric.name]
            yield metric

    def _gauges(self) -> dict[str, float]:
        position, head = self._lag.position, self._lag.head
        return {
            "onrecord_queue_events": self._queue_events(),
            "onrecord_ledger_position": head,
            "onrecord_read_model_position": position,
            "onrecord_projection_lag_events": max(0, head - position),
            "onrecord_projection_lag_seconds": self._lag.seconds,
        }


def _log_metrics(numbers: LogNumbers) -> Iterator[Metric]:
    gauges = {
        "onrecord_checkpoint_size": numbers.size,
        "onrecord_checkpoint_age_seconds": numbers.age_s,
        "onrecord_log_broken": numbers.is_broken,
    }
    for name, value in gauges.items():
        yield GaugeMetricFamily(name, HELP[name], value)
    size = GaugeMetricFamily("onrecord_witness_size", HELP["onrecord_witness_size"], labels=("witness",))
    alarms = CounterMetricFamily("onrecord_witness_alarms", HELP["onrecord_witness_alarms"], labels=("witness",))
    for witness in numbers.witnesses:
        size.add_metric([witness.name], witness.cosigned_size)
        alarms.add_metric([witness.name], witness.alarms)
    yield size
    yield alarms


def _label(error: Exception) -> tuple[str, str]:
    """Return the outcome and the code of events that were not recorded."""
    if isinstance(error, Refusal):
        return "refused", error.code
    if isinstance(error, OutcomeUnknownError):
        return "unknown", ""
    return "unavailable" if isinstance(error, UnavailableError) else "failed", ""


def _counter(name: str, labels: Sequence[str], counted: Sequence[Counts]) -> Metric:
    family = CounterMetricFamily(name, HELP[name], labels=labels)
    total: Counter[tuple[str | int, ...]] = Counter()
    for counts in counted:
        total.update(dict(counts))  # copied at one stroke: another thread may be counting
    for values, count in sorted(total.items()):
        family.add_metric(list(map(str, values)), count)
    return family
