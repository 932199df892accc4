"""Records as rows of a table (RFC 4180), for those who read a history in a spreadsheet."""

import csv
import io
import json
from typing import Any

from api.ports import Record

COLUMNS = (
    "position",
    "event_id",
    "event_sha256",
    "claim_version",
    "type",
    "recorded_at",
    "recorded_by",
    "occurred_at",
    "speaker",
    "text",
    "data",
)

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@")


def encode_header() -> bytes:
    """Return the line of column names."""
    return _encode(COLUMNS)


def encode_row(record: Record) -> bytes:
    """Return a record as a line; of an erased event what is left of it."""
    read = json.loads(record.body)
    event: dict[str, Any] = read["event"] or read["erased"]  # Any: an event, as JSON
    data = event.get("data") or {}
    cells = {
        **{name: event.get(name) for name in COLUMNS},
        "position": read["position"],
        "event_sha256": read["event_sha256"],
        "speaker": _name(data.get("speaker") or {}),
        "text": _words(data.get("wording") or {}),
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")) if data else None,
    }
    return _encode(_harmless(cells[name]) for name in COLUMNS)


def _name(speaker: dict[str, Any]) -> str | None:
    """Return what the speaker is known by; an anonymous one has a description only."""
    named = (speaker.get(member) for member in ("name", "organisation", "role", "description"))
    return next(filter(None, named), None)


def _words(wording: dict[str, Any]) -> str | None:
    return wording.get("quote") or wording.get("paraphrase")


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _encode(cells: Any) -> bytes:  # Any: whatever the csv module takes as a row
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
