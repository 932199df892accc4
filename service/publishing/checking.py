"""What is checked before anything is signed, by the code of those who verify, not of those who build."""

from hashlib import sha256

from projections.log.verify.layout import entry_of
from projections.log.verify.notes import Checkpoint
from projections.log.verify.tree import ProofError, leaf_hash, verify_consistency, verify_inclusion
from service.publishing.tree import LoggedEvent, Tree


class ContradictionError(Exception):
    """Tree, ledger and what was signed do not agree: nothing more may be signed or appended."""


def check_growth(tree: Tree, signed: Checkpoint, size: int, root: bytes) -> None:
    """Check that the tree of a size has grown out of what was signed. Raises ContradictionError."""
    try:
        proof = tree.consistency(signed.size, size) if 0 < signed.size < size else ()
        verify_consistency(signed.size, size, proof, signed.root, root)
    except ProofError as error:
        raise ContradictionError(
            f"the tree of {size} events does not agree with the checkpoint signed for {signed.size}: {error}"
        ) from error


def check_leaf(tree: Tree, leaf_index: int, size: int, root: bytes) -> None:
    """Check that the event of a leaf is what the tree says it is. Raises ContradictionError."""
    position = leaf_index + 1
    event = tree.event(leaf_index)
    if event is None:
        raise ContradictionError(f"the ledger has no event at position {position}")
    if event.state is not None and sha256(event.state).hexdigest() != event.event_sha256:
        raise ContradictionError(f"the digest of the event at position {position} is not that of its bytes")
    try:
        verify_inclusion(_leaf_hash(event), leaf_index, size, tree.inclusion(leaf_index, size), root)
    except ProofError as error:
        raise ContradictionError(f"the event at position {position} is not the one in the tree: {error}") from error


def _leaf_hash(event: LoggedEvent) -> bytes:
    return leaf_hash(entry_of(event.event_sha256, event.recorded_at))
