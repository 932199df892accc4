"""Checks a ledger event by event: nothing altered, left out, moved or slipped in."""

from collections.abc import Callable
from hashlib import sha256

from domain.events import Tombstone
from domain.times import format_instant
from service.archive.format import Entry

FindDigest = Callable[[str, int, int], bytes | None]
"""Looks up the digest of a claim's event: by claim, version, and the position before which it has to stand."""

_NEVER_US = -(2**62)


class Chain:
    """Remembers the end of what was checked; the claims are looked up, so that memory does not grow with them."""

    def __init__(self, find_digest: FindDigest) -> None:
        self._find_digest = find_digest
        self._recorded_us = _NEVER_US
        self._running = bytes(32)
        self.position = 0
        self.erased = 0

    @property
    def running_digest(self) -> str:
        """SHA-256 over the running digest before the last event and that event's digest; 32 zero bytes at first."""
        return self._running.hex()

    @property
    def last_recorded_at(self) -> str | None:
        """When the last event was recorded."""
        return format_instant(self._recorded_us) if self.position else None

    def add(self, entry: Entry) -> None:
        """Check the next event. Raises ValueError, which says what is wrong with it."""
        row = entry.row
        if row.position != self.position + 1:
            raise ValueError(f"position {self.position + 1} is expected here, not {row.position}")
        if row.tombstone is None and sha256(row.state).digest() != row.event_sha256:
            raise ValueError("the SHA-256 of the event's bytes is another one than is recorded")
        if row.recorded_us < self._recorded_us:
            raise ValueError("the event was recorded earlier than the one before it")
        self._check_claim(entry)
        self.position = row.position
        self.erased += row.tombstone is not None
        self._recorded_us = row.recorded_us
        self._running = sha256(self._running + row.event_sha256).digest()

    def _check_claim(self, entry: Entry) -> None:
        claim_id, last_version = entry.event.claim_id or "", (entry.event.claim_version or 0) - 1
        before: bytes | None = None
        if last_version > 0:
            before = self._find_digest(claim_id, last_version, entry.row.position)
            if before is None:
                raise ValueError(f"version {last_version} of claim {claim_id} does not stand before it")
        if isinstance(entry.event, Tombstone):
            return  # what it said of the event before it is gone with its bytes
        if entry.event.previous != (before.hex() if before else None):
            raise ValueError("`previous` is not the digest of the claim's event before it")
