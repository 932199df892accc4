"""What others wrote comes to the same roots and proofs, and reads our checkpoints: pymerkle and sigstore."""

from base64 import b64decode
from types import SimpleNamespace
from typing import cast

import pymerkle  # type: ignore[import-untyped]  # it has no types
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError
from sigstore.models import TransparencyLogEntry

from projections.log import log
from projections.log.checkpoint import Checkpoint, VerifierKey
from tests.projections.log import entries

SIZES = (1, 2, 255, 256, 257, 65_536, 70_000)
PLACES = [(index, size) for size in SIZES for index in sorted({0, size // 3, size - 1})]
pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def pymerkles() -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    tree.append_entries(entries.many())
    return tree


@pytest.mark.parametrize("size", SIZES)
def test_pymerkle_has_the_same_root(large, pymerkles, size):
    assert log.root_at(large, size) == pymerkles.get_root(size)


@pytest.mark.parametrize(("index", "size"), PLACES)
def test_pymerkle_has_the_same_inclusion_proof(large, pymerkles, index, size):
    leaf, *proof = pymerkles.prove_inclusion(index + 1, size).path
    assert leaf == log.hash_reader(large)(0, index)
    assert log.inclusion_at(large, index, size) == proof


@pytest.mark.parametrize(("old", "new"), [(old, new) for old in SIZES for new in SIZES if old < new])
def test_pymerkle_proves_that_our_roots_are_consistent(large, pymerkles, old, new):
    # Its proofs have another form than RFC 6962's, so that it judges roots only.
    pymerkles.prove_consistency(old, new).verify(log.root_at(large, old), log.root_at(large, new))


def verify_by_sigstore(entry: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> None:
    found = SimpleNamespace(log_index=index, tree_size=size, hashes=proof, root_hash=root)
    inner = SimpleNamespace(inclusion_proof=found, canonicalized_body=entry)
    verify_merkle_inclusion(cast("TransparencyLogEntry", SimpleNamespace(_inner=inner)))  # the rest of it is Rekor's


@pytest.mark.parametrize(("index", "size"), PLACES)
def test_sigstore_accepts_an_inclusion_proof_and_none_of_another_root(large, index, size):
    entry, proof = entries.many()[index], log.inclusion_at(large, index, size)
    verify_by_sigstore(entry, index, size, proof, log.root_at(large, size))
    with pytest.raises(VerificationError, match="invalid root hash"):
        verify_by_sigstore(entry, index, size, proof, bytes(32))


def test_sigstore_reads_a_checkpoint(large):
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    key = VerifierKey("log.example/onrecord", private.public_key().public_bytes_raw())
    root = log.root_at(large, entries.MANY)
    read = SignedCheckpoint.from_text(Checkpoint(key.name, entries.MANY, root).sign(key, private.sign).decode())
    assert (read.checkpoint.origin, read.checkpoint.log_size) == (key.name, entries.MANY)
    assert read.checkpoint.log_hash == root.hex()
    assert read.checkpoint.other_content == []
    (signature,) = read.signed_note.signatures
    assert (signature.name, signature.sig_hash) == (key.name, key.key_id)
    private.public_key().verify(b64decode(signature.signature), read.signed_note.note.encode())
