"""What checks trees, judged by RFC 6962 word by word and by its published vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.log.verify.tree import (
    EMPTY_ROOT,
    CompactRange,
    ProofError,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.projections.log.slow_tree import consistency_proof, inclusion_path, tree_hash

# The leaves and roots that Certificate Transparency's implementations share.
PUBLISHED_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
PUBLISHED_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
ENTRIES = [b"entry %d" % number for number in range(70)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
sizes = st.integers(1, len(ENTRIES))


def test_the_published_roots():
    found = [root_of(map(leaf_hash, PUBLISHED_LEAVES[:size])).hex() for size in range(1, 9)]
    assert found == PUBLISHED_ROOTS
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(len(ENTRIES) + 1))
def test_a_range_has_the_root_of_its_leaves_and_goes_on_from_its_hashes(size):
    tree = CompactRange()
    for leaf in LEAVES[: size // 2]:
        tree.append(leaf)
    tree = CompactRange(tree.size, tree.hashes)
    for leaf in LEAVES[size // 2 : size]:
        tree.append(leaf)
    assert (tree.size, tree.root()) == (size, tree_hash(ENTRIES[:size]))


def test_hashes_that_make_no_range_are_refused():
    with pytest.raises(ValueError, match="1 hashes make no range of 3 leaves"):
        CompactRange(3, [EMPTY_ROOT])


@given(size=sizes, data=st.data())
def test_inclusion_is_proved_by_exactly_one_path(size, data):
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_path(index, ENTRIES[:size]), tree_hash(ENTRIES[:size])
    verify_inclusion(LEAVES[index], index, size, path, root)
    for wrong in changed(path):
        with pytest.raises(ProofError):
            verify_inclusion(LEAVES[index], index, size, wrong, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda at: at != index) if size > 1 else st.just(size))
    with pytest.raises(ProofError):
        verify_inclusion(LEAVES[index], other, size, path, root)


@given(size=sizes, data=st.data())
def test_consistency_is_proved_by_exactly_one_path(size, data):
    old = data.draw(st.integers(0, size))
    path = consistency_proof(old, ENTRIES[:size]) if old else []
    roots = tree_hash(ENTRIES[:old]), tree_hash(ENTRIES[:size])
    verify_consistency(old, size, path, *roots)
    for wrong in changed(path):
        with pytest.raises(ProofError):
            verify_consistency(old, size, wrong, *roots)
    if old:
        with pytest.raises(ProofError):
            verify_consistency(old, size, path, tree_hash([*ENTRIES[: old - 1], b"another"]), roots[1])
    if old not in (0, size):
        with pytest.raises(ProofError):
            verify_consistency(old, size, path, roots[0], tree_hash([*ENTRIES[: size - 1], b"another"]))


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (0, 0), (1, 1)])
def test_a_leaf_outside_the_tree_is_not_in_it(index, size):
    with pytest.raises(ProofError, match="there is no leaf"):
        verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


def test_a_tree_does_not_shrink_and_the_empty_one_has_one_root():
    with pytest.raises(ProofError, match="a tree of 1 does not grow out of one of 2"):
        verify_consistency(2, 1, [], LEAVES[0], LEAVES[0])
    with pytest.raises(ProofError, match="the empty tree has another root"):
        verify_consistency(0, 1, [], LEAVES[0], LEAVES[0])
    with pytest.raises(ProofError, match="two trees of one size have different roots"):
        verify_consistency(1, 1, [], LEAVES[0], LEAVES[1])


def changed(path: list[bytes]) -> list[list[bytes]]:
    """The path with one hash more, one less, and one other."""
    longer = [[*path, EMPTY_ROOT], [EMPTY_ROOT, *path]]
    return longer + ([path[1:], path[:-1], [bytes(32), *path[1:]], [*path[:-1], bytes(32)]] if path else [])
