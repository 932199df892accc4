"""The table on the terminal, and the same as JSON and as a page."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.rows import Row

_HEAD = ("", "what", "measured", "against", "that", "ratio", "spread", "reach", "reached")


def write_results(path: Path, machine: dict[str, Any], driver: str, plan: dict[str, Any], rows: Sequence[Row]) -> None:
    """Write machine, driver, plan and rows as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    results = {"machine": machine, "driver": driver, "plan": plan, "rows": [row.to_json() for row in rows]}
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def format_table(rows: Sequence[Row]) -> str:
    """Return the table as text, a row a line."""
    cells = [_HEAD, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    failures = [f"{row.row_id}: {row.failure}" for row in rows if row.failure]
    return "\n".join([*lines, *failures]) + "\n"


def write_page(results: Path, pictures: Sequence[str], rows: Sequence[Row]) -> None:
    """Write results that lie in a file as a page of Markdown beside it, with pictures that lie there too."""
    found = json.loads(results.read_text(encoding="utf-8"))
    machine, plan = found["machine"], found["plan"]
    cells = [_HEAD, ("---",) * len(_HEAD), *map(_cells, rows)]
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    measured_on = (
        f"{machine['cores']} × {machine['cpu']}, {machine['memory_mb']:,} MB, {machine['system']}; 4 KiB are safe "
        f"on its disk after {machine['fsync_us']} µs. Python {machine['python']}, SQLite {machine['sqlite']}, "
        f"{versions}. Load by {found['driver']}. {plan['rounds']} rounds, of {plan['post_s']} s for W1 and W2, of "
        f"{plan['load_s']} s for most others."
    )
    table = ["| " + " | ".join(line) + " |" for line in cells]
    shown = [f"\n![{name}]({name})" for name in pictures]
    lines = ["# What was measured", "", measured_on, "", *table, *shown]
    results.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cells(row: Row) -> tuple[str, ...]:
    reached = {True: "yes", False: "no", None: ""}[row.is_reached]
    return (
        row.row_id,
        row.what,
        "failed" if row.failure else _figure(row.value, row.unit),
        row.against or "",
        _figure(row.against_value, row.unit),
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "–".join(f"{end:.2f}" for end in row.spread),
        row.reach_text or "",
        reached,
    )


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}{unit}" if unit.startswith("/") else f"{value:,.0f} {unit}"
