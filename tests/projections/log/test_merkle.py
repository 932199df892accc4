"""The tree's hashes and proofs are those of RFC 6962: its published vectors, and its words written out."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.log.merkle import (
    EMPTY_ROOT,
    ReadHash,
    consistency_proof,
    fold_hashes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
)
from tests.projections.log import published, slow_tree

ENGINES = ("sqlite",)

SOME = [b"entry %d" % number for number in range(130)]


def reader(entries: Sequence[bytes]) -> ReadHash:
    """Return what reads the hashes of complete subtrees, and of nothing else."""

    def read_hash(level: int, index: int) -> bytes:
        leaves = entries[index << level : (index + 1) << level]
        assert len(leaves) == 1 << level
        return slow_tree.tree_hash(leaves)

    return read_hash


PUBLISHED = reader(published.ENTRIES)


def hexes(hashes: list[bytes]) -> list[str]:
    return [each.hex() for each in hashes]


@pytest.mark.parametrize(("size", "root"), list(enumerate(published.ROOTS)))
def test_the_published_roots(size, root):
    assert root_hash(size, PUBLISHED).hex() == root


@pytest.mark.parametrize(("at", "proof"), list(published.INCLUSION.items()))
def test_the_published_inclusion_proofs(at, proof):
    index, size = at
    assert hexes(inclusion_proof(index, size, PUBLISHED)) == proof


@pytest.mark.parametrize(("between", "proof"), list(published.CONSISTENCY.items()))
def test_the_published_consistency_proofs(between, proof):
    old, new = between
    assert hexes(consistency_proof(old, new, PUBLISHED)) == proof


def test_a_leaf_and_a_node_are_hashed_apart():
    assert leaf_hash(b"").hex() == published.ROOTS[1]
    assert node_hash(leaf_hash(b""), leaf_hash(b"\x00")).hex() == published.ROOTS[2]
    assert EMPTY_ROOT.hex() == published.EMPTY


@given(st.integers(1, len(SOME)))
def test_a_root_is_that_of_the_definition(size):
    assert root_hash(size, reader(SOME)) == slow_tree.tree_hash(SOME[:size])


@given(st.integers(1, len(SOME)), st.data())
def test_an_inclusion_proof_is_that_of_the_definition(size, data):
    index = data.draw(st.integers(0, size - 1))
    assert inclusion_proof(index, size, reader(SOME)) == slow_tree.inclusion_path(index, SOME[:size])


@given(st.integers(1, len(SOME)), st.data())
def test_a_consistency_proof_is_that_of_the_definition(size, data):
    old = data.draw(st.integers(1, size))
    assert consistency_proof(old, size, reader(SOME)) == slow_tree.consistency_proof(old, SOME[:size])


@pytest.mark.parametrize("size", [0, 1, 8])
def test_that_a_tree_begins_with_nothing_or_with_itself_needs_no_hash(size):
    assert consistency_proof(0, size, PUBLISHED) == consistency_proof(size, size, PUBLISHED) == []


@pytest.mark.parametrize(("index", "size"), [(0, 0), (8, 8), (-1, 8)])
def test_a_leaf_that_the_tree_has_not_is_refused(index, size):
    with pytest.raises(ValueError, match=f"a tree of {size} leaves has none with the index {index}"):
        inclusion_proof(index, size, PUBLISHED)


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 8)])
def test_a_tree_does_not_begin_with_a_larger_one_or_with_less_than_nothing(old, new):
    with pytest.raises(ValueError, match=f"a tree of {old} leaves is not the beginning of one of {new}"):
        consistency_proof(old, new, PUBLISHED)


@pytest.mark.parametrize("level", range(7))
def test_the_lowest_hashes_of_a_subtree_fold_to_its_root(level):
    entries = SOME[: 1 << level]
    assert fold_hashes(b"".join(map(leaf_hash, entries))) == slow_tree.tree_hash(entries)
