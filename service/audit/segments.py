"""The records of a mirror: files of lines, each for a run of positions."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from service.audit.records import parse_record
from service.audit.sources import EVENTS, position_of

SEGMENT_POSITIONS = 8192


def write_atomically(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that has its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.writelines(parts)
    partial.replace(path)


def last_position(folder: Path) -> int:
    """Return the last position of which a mirror has the record, 0 without any; a line that was cut off is dropped."""
    for segment in reversed(_segments(folder)):
        with segment.open("r+b") as file:
            whole, last = 0, 0
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole, last = whole + len(line), position_of(line) or last
            file.truncate(whole)
        if last:
            return last
    return 0


def append_records(folder: Path, lines: Iterable[tuple[int, bytes]]) -> None:
    """Append records in the order of their positions."""
    for first, run in groupby(lines, key=lambda placed: _first_of(placed[0])):
        path = _path(folder, first)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.writelines(line for _, line in run)


def replace_records(folder: Path, records: Mapping[str, bytes | None]) -> None:
    """Put records in the place of those with the same event ids; None leaves none.

    What was erased or hidden since is so here too, and what was hidden and is to be read now comes in its place.
    """
    fresh = {parse_record(line).position: line for line in records.values() if line is not None}
    event_ids = [event_id.encode() for event_id in records]
    for segment in _segments(folder):
        first = int(segment.stem)
        with segment.open("rb") as lines:
            kept = list(_without(lines, records, event_ids))
        kept += [each for each in fresh.items() if _first_of(each[0]) == first]
        after = b"".join(line for _, line in sorted(kept))
        if after != segment.read_bytes():
            write_atomically(segment, [after])


def _without(
    lines: Iterable[bytes], records: Mapping[str, object], event_ids: Iterable[bytes]
) -> Iterator[tuple[int, bytes]]:
    for line in lines:
        # Most lines name none of them, and need not be parsed.
        if any(event_id in line for event_id in event_ids) and parse_record(line).members["event_id"] in records:
            continue
        yield position_of(line) or 0, line


def _segments(folder: Path) -> list[Path]:
    return sorted((folder / EVENTS).glob("*.ndjson"))


def _first_of(position: int) -> int:
    return (position - 1) // SEGMENT_POSITIONS * SEGMENT_POSITIONS + 1


def _path(folder: Path, first: int) -> Path:
    return folder / EVENTS / f"{first:012}.ndjson"
