"""V1: what an auditor's check of a local mirror costs, in time and in memory."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.grown import grow
from benchmarks.plan import Bench
from benchmarks.rebuilds import run_measured, scan
from benchmarks.rows import Row
from benchmarks.servers import ONRECORD, environment_of, running_service


def measure_audits(bench: Bench) -> Sequence[Row]:
    """Return the rate of `onrecord verify` on a mirror of the whole ledger beside C-scan, and its memory."""
    events = bench.plan.rebuilt_events
    what = f"`onrecord verify` of a local mirror, {events:,} events"
    rate = Row(row_id="V1", what=what, unit="/s", against="C-scan", reach=0.1)
    memory = Row(row_id="V1-memory", what="peak memory of it", unit="MB")
    folder, _ = grow(bench, events)
    mirror = bench.folder / "mirror"
    verifier_key = _mirror(folder, mirror)
    for index in range(bench.plan.rounds):
        seconds, peak_mb = run_measured(folder, "verify", str(mirror), "--key", verifier_key)
        scanned = scan(folder / "ledger.db")
        rate.add(events / seconds, scanned)
        memory.add(peak_mb)
        bench.tell(f"V1 round {index + 1}: {events / seconds:,.0f}/s, C-scan {scanned:,.0f}/s, {peak_mb:,.0f} MB")
    return [rate, memory]


def _mirror(folder: Path, mirror: Path) -> str:
    """Make a mirror of the ledger as a desk reads it, and return the log's verifier key."""
    with running_service(folder) as service:
        url = f"http://127.0.0.1:{service.port}"
        _run(folder, "mirror", url, str(mirror), "--api-key", str(service.key))
    return _run(folder, "log-key").strip()


def _run(folder: Path, *arguments: str) -> str:
    command = [str(ONRECORD), *arguments]
    done = subprocess.run(command, env=environment_of(folder), cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout
