"""The file of requests that a load driver sends over and over, and the place in them where it writes a fresh id."""

from collections.abc import Iterable
from pathlib import Path

SEPARATOR = b"\x1e"
"""Stands between the requests of a file."""

ID_PLACE = "EVENT-ID-" * 4
"""Stands where a driver writes a fresh event id: as long as a UUID, so that Content-Length stays right."""


def write_requests(path: Path, requests: Iterable[bytes]) -> Path:
    """Write requests into a file that either driver reads, and return its path."""
    path.write_bytes(SEPARATOR.join(requests))
    return path


def read_requests(path: Path) -> list[tuple[bytes, bytes, bytes]]:
    """Return the requests of a file: what is before the id's place, the place, what is after; two empty without."""
    return [request.partition(ID_PLACE.encode()) for request in path.read_bytes().split(SEPARATOR)]
