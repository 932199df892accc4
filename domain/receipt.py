"""What the ledger answers when it has recorded an event."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where an event stands in its claim and in the ledger, and the SHA-256 (hex) of its stored bytes."""

    event_id: str
    claim_id: str
    claim_version: int
    position: int
    recorded_at: str
    event_sha256: str
    duplicate: bool = False
