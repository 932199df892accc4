"""A ledger as a mirror of it lies in a folder, written with simple, obvious code, and signed with a key of the tests.

What is changed before it is written is signed like the rest: a dishonest log. What is changed in the folder is not.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from domain.audience import DESK
from domain.encoding import canonical_json
from domain.events import Tombstone, read_event
from domain.fold import ClaimFold
from projections.rendering import render_item
from tests.projections.log.signing import Signer
from tests.service.archives import GOLDEN

Json = dict[str, Any]


def golden_lines() -> list[Json]:
    """Return the events of the golden ledger: all eleven types, one of them erased."""
    return [json.loads(line) for line in (GOLDEN / "archive" / "events.ndjson").read_text().splitlines()]


class Published:
    """Events of a ledger, in order: what is stored of them, or what is left."""

    def __init__(self, lines: Sequence[Json] | None = None, signer: Signer | None = None) -> None:
        self.signer = signer or Signer()
        self.lines = golden_lines() if lines is None else list(lines)

    def change(self, position: int, **members: Any) -> "Published":
        """Store the event of a position with other members, and sign all that."""
        line = self.lines[position - 1]
        line["event"] |= members
        line["event_sha256"] = sha256(canonical_json(line["event"])).hexdigest()
        return self

    def write(self, folder: Path, size: int | None = None) -> Path:
        """Write a mirror of the first so many events."""
        lines = self.lines[:size]
        entries = [entry(line) for line in lines]
        write_log(folder, entries, self.signer)
        write(folder / "events" / "000000000001.ndjson", b"".join(record(line, lines) for line in lines))
        write(folder / f"claims-{len(lines)}.ndjson", b"".join(item + b"\n" for item in items(lines)))
        manifest = {"format": "onrecord-mirror@1", "url": "http://ledger.example", "audience": "desk"}
        write(folder / "mirror.json", json.dumps(manifest).encode())
        return folder


def write_log(folder: Path, entries: Sequence[bytes], signer: Signer) -> None:
    """Write checkpoint, tiles and entries as c2sp.org/tlog-tiles has them."""
    hashes, level = [sha256(b"\0" + each).digest() for each in entries], 0
    write(folder / "checkpoint", signer.checkpoint(len(entries), merkle_root(hashes)))
    write_rows(folder / "tile" / "entries", [len(each).to_bytes(2, "big") + each for each in entries])
    while hashes:
        write_rows(folder / "tile" / str(level), hashes)
        full = len(hashes) // 256 * 256
        hashes = [merkle_root(hashes[start : start + 256]) for start in range(0, full, 256)]
        level += 1


def write_rows(folder: Path, parts: Sequence[bytes]) -> None:
    for number, start in enumerate(range(0, len(parts), 256)):
        row = parts[start : start + 256]
        path = f"x{number // 1000:03}/{number % 1000:03}" if number >= 1000 else f"{number:03}"
        write(folder / (path if len(row) == 256 else f"{path}.p/{len(row)}"), b"".join(row))


def merkle_root(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256(b"").digest()
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1" + merkle_root(hashes[:k]) + merkle_root(hashes[k:])).digest()


def write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def entry(line: Json) -> bytes:
    recorded_at = (line["event"] or line["tombstone"])["recorded_at"]
    return canonical_json({"event_sha256": line["event_sha256"], "recorded_at": recorded_at})


def record(line: Json, lines: Sequence[Json]) -> bytes:
    """Return the line of a record, as the service hands it out."""
    head = f'{{"position":{line["position"]},"event_sha256":"{line["event_sha256"]}","event":'.encode()
    if line["event"] is not None:
        return head + canonical_json(line["event"]) + b',"erased":null}\n'
    left = line["tombstone"]
    said = [each["event"] for each in lines if each["event"] and each["event"]["type"] == "EventErased"]
    by = next((each["event_id"] for each in said if each["data"]["target_event_id"] == left["event_id"]), None)
    names = ("event_id", "claim_id", "claim_version", "type", "recorded_at", "target_event_id")
    return head + b'null,"erased":' + json.dumps({"by": by, **{n: left[n] for n in names}}).encode() + b"}\n"


def items(lines: Iterable[Json]) -> list[bytes]:
    """Return the claims as they stand after these events, for those who read all."""
    stored = {each["event"]["event_id"]: canonical_json(each["event"]) for each in lines if each["event"]}
    folds: dict[str, ClaimFold] = {}
    for line in lines:
        event = Tombstone(**line["tombstone"]) if line["event"] is None else read_event(canonical_json(line["event"]))
        fold = folds.setdefault(event.claim_id or "", ClaimFold(lambda event_id: read_event(stored[event_id])))
        fold.add(event, line["position"])
    readings = ((claim_id, fold.reading(DESK)) for claim_id, fold in sorted(folds.items()))
    return [render_item(claim_id, reading) for claim_id, reading in readings if reading is not None]


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a file behind everybody's back."""
    before = path.read_bytes()
    path.write_bytes(change(before))
    assert path.read_bytes() != before


def flip(body: bytes, at: int) -> bytes:
    """Change one bit."""
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def root_in(checkpoint: bytes) -> bytes:
    return b64decode(checkpoint.split(b"\n")[2])
