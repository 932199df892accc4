"""RFC 6962, sections 2.1 to 2.1.2, word by word: slow and obvious, to judge the fast."""

from collections.abc import Sequence
from hashlib import sha256


def tree_hash(entries: Sequence[bytes]) -> bytes:
    """MTH."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + tree_hash(entries[:k]) + tree_hash(entries[k:])).digest()


def inclusion_path(index: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*inclusion_path(index, entries[:k]), tree_hash(entries[k:])]
    return [*inclusion_path(index - k, entries[k:]), tree_hash(entries[:k])]


def consistency_proof(old_size: int, entries: Sequence[bytes], is_complete: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF."""
    if old_size == len(entries):
        return [] if is_complete else [tree_hash(entries)]
    k = split(len(entries))
    if old_size <= k:
        return [*consistency_proof(old_size, entries[:k], is_complete), tree_hash(entries[k:])]
    return [*consistency_proof(old_size - k, entries[k:], False), tree_hash(entries[:k])]


def split(size: int) -> int:
    """The largest power of two smaller than the size."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k
