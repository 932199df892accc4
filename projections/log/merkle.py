"""The Merkle tree of RFC 6962: hashes of entries and nodes, roots, and proofs over hashes that somebody stores."""

from collections.abc import Callable
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()
"""The root of the tree that has no leaves."""

ReadHash = Callable[[int, int], bytes]
"""Returns the hash of a complete subtree by its level and its index there: of the leaves
`index` × 2^`level` up to, not including, (`index` + 1) × 2^`level`."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf by its entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node by those of its children."""
    return sha256(b"\x01" + left + right).digest()


def fold_hashes(hashes: bytes) -> bytes:
    """Return the root of a complete subtree by its lowest hashes: a power of two of them, one after another."""
    while len(hashes) > HASH_BYTES:
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
    return hashes


def root_hash(tree_size: int, read_hash: ReadHash) -> bytes:
    """Return the root of the tree of the first `tree_size` leaves.

    RFC 6962, section 2.1.
    """
    return _range_hash(0, tree_size, read_hash) if tree_size else EMPTY_ROOT


def inclusion_proof(leaf_index: int, tree_size: int, read_hash: ReadHash) -> list[bytes]:
    """Return the audit path of one leaf in the tree of the first `tree_size` leaves.

    32-byte hashes, from the leaf's sibling towards the root: at most ceil(log2(tree_size)).
    Raises ValueError unless 0 <= leaf_index < tree_size.
    RFC 6962, section 2.1.1.
    """
    if not 0 <= leaf_index < tree_size:
        raise ValueError(f"a tree of {tree_size} leaves has none with the index {leaf_index}")
    proof = []
    start, end = 0, tree_size
    while end - start > 1:
        middle = _middle(start, end)
        if leaf_index < middle:
            proof.append(_range_hash(middle, end, read_hash))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read_hash))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, new_size: int, read_hash: ReadHash) -> list[bytes]:
    """Return the proof that the tree of `old_size` leaves is the beginning of the one of `new_size`.

    32-byte hashes; none where the older tree is empty, or both are the same.
    Raises ValueError unless 0 <= old_size <= new_size.
    RFC 6962, section 2.1.2.
    """
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a tree of {old_size} leaves is not the beginning of one of {new_size}")
    if old_size == 0:
        return []
    proof = []
    start, end = 0, new_size
    while old_size < end:
        middle = _middle(start, end)
        if old_size <= middle:
            proof.append(_range_hash(middle, end, read_hash))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read_hash))
            start = middle
    # Who verifies knows the older root, and so does without the last hash where that is all of the older tree.
    return ([_range_hash(start, end, read_hash)] if start else []) + proof[::-1]


def _range_hash(start: int, end: int, read_hash: ReadHash) -> bytes:
    """Return the hash of the leaves from `start` up to `end`, which is a subtree at the right edge of a tree."""
    size = end - start
    level = size.bit_length() - 1
    if size == 1 << level:
        return read_hash(level, start >> level)
    middle = _middle(start, end)
    return node_hash(_range_hash(start, middle, read_hash), _range_hash(middle, end, read_hash))


def _middle(start: int, end: int) -> int:
    """Return where a subtree is parted: its left half is the largest power of two that is smaller than it."""
    return start + (1 << (end - start - 1).bit_length() - 1)
