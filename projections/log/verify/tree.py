"""Merkle tree hashes of RFC 6962: of entries as they come, and the proofs that lead to them."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


class ProofError(ValueError):
    """The proof does not lead from what is claimed to the root."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of the leaf that holds an entry. RFC 6962, section 2.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two others. RFC 6962, section 2.1."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The first so many leaves of a tree, kept as the hashes of its largest complete subtrees.

    `hashes` go from the left to the right, one for each bit that is set in `size`.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Begin empty, or where another range had come to. Raises ValueError where hashes and size do not fit."""
        self.size = size
        self.hashes = list(hashes)
        if size < 0 or len(self.hashes) != size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes make no range of {size} leaves")

    def append(self, leaf: bytes) -> None:
        """Take in the hash of the next leaf."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            size >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree of these leaves."""
        return join_hashes(self.hashes)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of the tree with these leaf hashes."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def join_hashes(subtrees: Sequence[bytes]) -> bytes:
    """Return the root above complete subtrees, each smaller than the one before."""
    if not subtrees:
        return EMPTY_ROOT
    *others, root = subtrees
    for left in reversed(others):
        root = node_hash(left, root)
    return root


def verify_inclusion(leaf: bytes, leaf_index: int, tree_size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ProofError unless this leaf hash has that index in the tree of that size and root.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= leaf_index < tree_size:
        raise ProofError(f"there is no leaf {leaf_index} in a tree of {tree_size}")
    found = leaf
    for sibling, is_left in _siblings(proof, leaf_index, tree_size - 1):
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
    if found != root:
        raise ProofError("the proof leads to another root")


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise ProofError unless the old tree is the beginning of the new one. RFC 9162, section 2.1.4.2."""
    if not 0 <= old_size <= new_size:
        raise ProofError(f"a tree of {new_size} does not grow out of one of {old_size}")
    if old_size in (0, new_size):
        _check_trivial(old_size, new_size, proof, old_root, new_root)
        return
    # An old tree that is one complete subtree is itself where the path begins.
    if not proof:
        raise ProofError("the proof is empty")
    start, *path = proof if old_size & (old_size - 1) else [old_root, *proof]
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = start
    for sibling, is_left in _siblings(path, at, last):
        old, new = (node_hash(sibling, old), node_hash(sibling, new)) if is_left else (old, node_hash(new, sibling))
    if old != old_root:
        raise ProofError("the proof leads to another old root")
    if new != new_root:
        raise ProofError("the proof leads to another root")


def _siblings(path: Sequence[bytes], at: int, last: int) -> Iterator[tuple[bytes, bool]]:
    """Yield the nodes beside the way from one node of a level to the root, and whether each stands on the left."""
    for sibling in path:
        if last == 0:
            raise ProofError("the proof is longer than the tree is high")
        is_left = at & 1 == 1 or at == last
        yield sibling, is_left
        # Without a sibling on the right there is no node of its own on that level.
        while is_left and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is shorter than the tree is high")


def _check_trivial(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    if proof:
        raise ProofError("nothing is to be proved, and yet there is a proof")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise ProofError("the empty tree has another root")
    if old_size == new_size and old_root != new_root:
        raise ProofError("two trees of one size have different roots")
