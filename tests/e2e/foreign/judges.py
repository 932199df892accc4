"""Implementations of others judge a served log: Go's sumdb, sigstore, pymerkle. They share no code with ours."""

import os
import shutil
import subprocess
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree  # type: ignore[import-untyped]  # it has no types
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint

GOPATH = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts what Go programs import."""


def build_go_judge(folder: Path) -> Path:
    """Return the Go program, built; skips the test where Go, or the package, is not there."""
    go = shutil.which("go")
    if go is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go's judgement is left out: apt-get install golang-go golang-golang-x-mod-dev")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(folder / "cache")}
    command = [go, "build", "-o", str(folder / "judge"), str(Path(__file__).parent / "main.go")]
    subprocess.run(command, env=environment, check=True, timeout=600)
    return folder / "judge"


def judge_with_go(program: Path, log_url: str, verifier_key: str) -> str:
    """Return what the program says of a log that it found right."""
    done = subprocess.run([program, log_url, verifier_key], capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@dataclass
class Log:
    """A log over HTTP, its entries cut apart as c2sp.org/tlog-tiles has it."""

    client: httpx.Client

    def get(self, path: str) -> bytes:
        return self.client.get(path).raise_for_status().content

    def checkpoint(self) -> SignedCheckpoint:
        """Return the checkpoint as sigstore reads it, its signature checked."""
        signed = SignedCheckpoint.from_text(self.get("/log/checkpoint").decode())
        key = b64decode(self.get("/log/key").decode().strip().split("+", 2)[2])
        key_id = sha256(signed.checkpoint.origin.encode() + b"\n" + key).digest()
        # Rekor's keyring knows its own keys alone; what is signed, and by which key id, sigstore says.
        signed.signed_note.verify(Keyring(key[1:]), key_id)  # type: ignore[arg-type]
        return signed

    def entries(self, size: int) -> list[bytes]:
        found: list[bytes] = []
        for number, first in enumerate(range(0, size, 256)):
            width = min(256, size - first)
            rest = self.get(f"/log/tile/entries/{number:03}" + (f".p/{width}" if width < 256 else ""))
            while rest:
                end = 2 + int.from_bytes(rest[:2], "big")
                found.append(rest[2:end])
                rest = rest[end:]
        return found


@dataclass
class Keyring:
    """Verifies as sigstore's own keyring does."""

    public_key: bytes

    def verify(self, *, key_id: bytes, signature: bytes, data: bytes) -> None:
        assert len(key_id) == 32
        Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, data)


def judge_with_pymerkle(log: Log) -> int:
    """Check the root of the entries, and of every kept checkpoint; return how many of these there were."""
    head = log.checkpoint().checkpoint
    tree, roots = InmemoryTree(algorithm="sha256"), {}
    kept = log.get("/log/checkpoints").decode().split("\n— ")
    for text in kept[:-1]:
        if len(lines := text.splitlines()[-3:]) == 3:  # else one signature stands before another
            roots[int(lines[1])] = b64decode(lines[2])
    for size, entry in enumerate(log.entries(head.log_size), 1):
        tree.append_entry(entry)
        if size in roots:
            assert tree.get_root() == roots[size]
    assert tree.get_root().hex() == head.log_hash
    return len(roots)


def judge_receipt_with_sigstore(receipt: bytes, entry: bytes) -> int:
    """Check a tlog-proof as if it were Rekor's, and return its leaf's index."""
    head, _, note = receipt.decode().partition("\n\n")
    _, index, *path = head.split("\n")
    checkpoint = SignedCheckpoint.from_text(note).checkpoint
    proof: Any = SimpleNamespace(
        log_index=int(index.removeprefix("index ")),
        tree_size=checkpoint.log_size,
        hashes=[b64decode(each) for each in path],
        root_hash=bytes.fromhex(checkpoint.log_hash),
    )
    rekor_entry: Any = SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=entry))
    verify_merkle_inclusion(rekor_entry)
    return int(proof.log_index)
