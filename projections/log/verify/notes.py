"""Signed notes, checkpoints and receipts of C2SP, read strictly: what is not exactly so is refused."""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_ED25519 = b"\x01"
_HASH_BYTES = 32
_MAX_SIGNATURES = 64
_SIGNATURE_LINE = re.compile(r"— (\S+) (\S+)")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_NOTE = re.compile(rb"(?:[^\n]+\n)+\n(?:\xe2\x80\x94 [^\n]+\n)+")
_PROOF_HEAD = "c2sp.org/tlog-proof@v1"


class NoteError(ValueError):
    """The text is none of what it should be, or is not signed by whom it should be."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whose signatures count: c2sp.org/signed-note, Ed25519."""

    name: str
    key_id: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: c2sp.org/tlog-checkpoint."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an entry stands in a log, and the proof: c2sp.org/tlog-proof. `checkpoint` is a signed note."""

    leaf_index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def parse_key(text: str) -> VerifierKey:
    """Return the key that is written `name+id+base64`. Raises NoteError."""
    # The third part may hold a plus of base64.
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    key = _decode(encoded)
    if not re.fullmatch(r"\S+", name) or not re.fullmatch(r"[0-9a-f]{8}", key_id):
        raise NoteError("a verifier key is written name+id+base64")
    if key[:1] != _ED25519 or len(key) != 1 + _HASH_BYTES:
        raise NoteError("the verifier key is not of Ed25519")
    if sha256(name.encode() + b"\n" + key).digest()[:4].hex() != key_id:
        raise NoteError("the verifier key's id is not that of its name and key")
    return VerifierKey(name, bytes.fromhex(key_id), key[1:])


def open_note(note: bytes, key: VerifierKey) -> str:
    """Return the text of a note that this key has signed. Raises NoteError."""
    text, lines = _split(note)
    signatures = [_signature(line) for line in lines]
    mine = [signature for name, signature in signatures if name == key.name and signature[:4] == key.key_id]
    if not mine:
        raise NoteError(f"there is no signature by {key.name}+{key.key_id.hex()}")
    public_key = Ed25519PublicKey.from_public_bytes(key.public_key)
    for signature in mine:
        try:
            public_key.verify(signature[4:], text.encode())
        except InvalidSignature as error:
            raise NoteError(f"the signature by {key.name}+{key.key_id.hex()} is wrong") from error
    return text


def open_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """Return the checkpoint that this key has signed, of the log of its name. Raises NoteError."""
    checkpoint = _parse_checkpoint(open_note(note, key))
    if checkpoint.origin != key.name:
        raise NoteError(f"the checkpoint is of {checkpoint.origin}, not of {key.name}")
    return checkpoint


def split_notes(notes: bytes) -> list[bytes]:
    """Return the signed checkpoints that stand one after another. Raises NoteError."""
    # A checkpoint has no empty line but the one before its signatures.
    found = _NOTE.findall(notes)
    if sum(map(len, found)) != len(notes):
        raise NoteError("not a list of signed checkpoints")
    return found


def parse_receipt(text: bytes) -> Receipt:
    """Return a receipt; its checkpoint is still to be opened. Raises NoteError."""
    head, _, checkpoint = text.partition(b"\n\n")
    lines = _decode_text(head).split("\n")
    if lines[0] != _PROOF_HEAD:
        raise NoteError(f"a receipt begins with {_PROOF_HEAD}")
    rest = lines[2:] if lines[1:2] and lines[1].startswith("extra ") else lines[1:]
    if not rest or not rest[0].startswith("index "):
        raise NoteError("a receipt names the index of its entry")
    return Receipt(_number(rest[0].removeprefix("index ")), tuple(map(parse_hash, rest[1:])), checkpoint)


def parse_hash(encoded: str) -> bytes:
    """Return a SHA-256 that is written in base64. Raises NoteError."""
    found = _decode(encoded)
    if len(found) != _HASH_BYTES:
        raise NoteError(f"a hash has {_HASH_BYTES} bytes, not {len(found)}")
    return found


def _split(note: bytes) -> tuple[str, list[str]]:
    """Return the text of a note with its last newline, and the signature lines."""
    decoded = _decode_text(note)
    if any(ord(character) < 0x20 and character != "\n" for character in decoded):
        raise NoteError("a note has no control characters")
    text, gap, signatures = decoded.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise NoteError("a note is a text, an empty line, and signatures")
    lines = signatures[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise NoteError(f"the note has more than {_MAX_SIGNATURES} signatures")
    return text + "\n", lines


def _signature(line: str) -> tuple[str, bytes]:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None or "+" in match[1]:
        raise NoteError("a signature is a line with a dash, a name and base64")
    signature = _decode(match[2])
    if len(signature) < 5:
        raise NoteError("a signature is longer than its key id")
    return match[1], signature


def _parse_checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0]:
        raise NoteError("a checkpoint has three lines: origin, size and root")
    return Checkpoint(lines[0], _number(lines[1]), parse_hash(lines[2]))


def _number(digits: str) -> int:
    if not _NUMBER.fullmatch(digits):
        raise NoteError(f"{digits[:40]!r} is not a number without leading zeroes")
    return int(digits)


def _decode_text(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise NoteError("a note is UTF-8") from error


def _decode(encoded: str) -> bytes:
    try:
        decoded = b64decode(encoded, validate=True)
    except ValueError as error:
        raise NoteError(f"{encoded[:40]!r} is not base64") from error
    # Otherwise one value could be written in several ways.
    if b64encode(decoded).decode() != encoded:
        raise NoteError(f"{encoded[:40]!r} is not base64 as it is written")
    return decoded
