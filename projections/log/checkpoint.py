"""What a log says of itself, and what it is signed with: checkpoints, signed notes and receipts of C2SP.

Nothing is signed or checked here: who holds the key gives what signs.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

ED25519 = 0x01
"""The type of a log's signature: c2sp.org/signed-note."""
COSIGNATURE = 0x04
"""The type of a witness's signature, which tells its time: c2sp.org/tlog-cosignature."""

Sign = Callable[[bytes], bytes]
"""Returns the signature of a message."""

_VERIFIER_KEY = re.compile(r"(?P<name>[^+]+)\+(?P<key_id>[0-9a-f]{8})\+(?P<material>.+)")
_TEXT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whose signatures they are: a name, a type of signature, and the public key's bytes.

    Raises ValueError where the name is none that a key may have.
    """

    name: str
    public_key: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        check_key_name(self.name)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that a text names. Raises ValueError unless it is spelt as `text` spells it."""
        match = _VERIFIER_KEY.fullmatch(text)
        material = b"" if match is None else _decode(match["material"])
        if match is None or not material:
            raise ValueError("a verifier key is written name+id+base64")
        key = cls(match["name"], material[1:], material[0])
        if key.text != text:
            raise ValueError(f"the verifier key of {key.name} has another id than its name and key give")
        return key

    @property
    def key_id(self) -> bytes:
        """The four bytes by which its signatures are known."""
        return sha256(self.name.encode() + b"\n" + self._material).digest()[:4]

    @property
    def text(self) -> str:
        """The key as it is handed to who verifies. Its last part may hold a plus as well."""
        return f"{self.name}+{self.key_id.hex()}+{_encode(self._material)}"

    def signature_line(self, signature: bytes) -> bytes:
        """Return the line that a note gets for a signature of this key."""
        return f"— {self.name} {_encode(self.key_id + signature)}\n".encode()

    @property
    def _material(self) -> bytes:
        return bytes([self.kind]) + self.public_key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of a log's tree at one size. Raises ValueError where the origin is no name of a key."""

    origin: str
    tree_size: int
    root: bytes

    def __post_init__(self) -> None:
        check_key_name(self.origin)

    @classmethod
    def parse(cls, note: bytes) -> Self:
        """Return what a note of ours says; its signatures are not looked at. Raises ValueError."""
        text, _ = split_note(note)
        match = _TEXT.fullmatch(text.decode())
        if match is None:
            raise ValueError("a checkpoint is an origin, a size and a root")
        checkpoint = cls(match["origin"], int(match["size"]), _decode(match["root"]))
        if checkpoint.text != text:
            raise ValueError("the root of the checkpoint is not in base64 as it is written")
        return checkpoint

    @property
    def text(self) -> bytes:
        """The bytes that are signed, up to and including the last newline."""
        return f"{self.origin}\n{self.tree_size}\n{_encode(self.root)}\n".encode()

    def sign(self, key: VerifierKey, sign: Sign) -> bytes:
        """Return the signed note, with this one signature."""
        return self.text + b"\n" + key.signature_line(sign(self.text))


def check_key_name(name: str) -> None:
    """Raise ValueError where a log or witness can not have this name."""
    # What is not printable are all control characters, and all spaces but the ASCII one.
    if not name or not name.isprintable() or " " in name or "+" in name:
        raise ValueError(f"the name of a key has neither spaces nor a plus, and is not empty: {name!r}")


def split_note(note: bytes) -> tuple[bytes, list[bytes]]:
    """Return the text of a note with its last newline, and its signature lines with theirs.

    Raises ValueError where it is no signed note in UTF-8.
    """
    note.decode()
    text, gap, signatures = note.rpartition(b"\n\n")
    lines = signatures.splitlines(keepends=True)
    if not gap or not lines or not all(line.startswith("— ".encode()) and line.endswith(b"\n") for line in lines):
        raise ValueError("a note is a text, an empty line, and signatures")
    return text + b"\n", lines


def add_signatures(note: bytes, lines: Iterable[bytes]) -> bytes:
    """Return a note with more signature lines, in their order, after those that it has; none stands there twice."""
    _, there = split_note(note)
    return b"".join([note, *(line for line in dict.fromkeys(lines) if line not in there)])


def cosigned_message(text: bytes, at_s: int) -> bytes:
    """Return what a witness signs of a checkpoint's text, at a time in seconds since 1970."""
    return b"cosignature/v1\ntime %d\n%b" % (at_s, text)


def encode_receipt(leaf_index: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """Return the proof that an entry stands in the tree of a signed checkpoint: c2sp.org/tlog-proof."""
    lines = ["c2sp.org/tlog-proof@v1", f"index {leaf_index}", *map(_encode, proof)]
    return "\n".join([*lines, "", ""]).encode() + note


def _encode(content: bytes) -> str:
    return b64encode(content).decode()


def _decode(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"not base64: {text!r}") from error
