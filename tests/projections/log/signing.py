"""A log's key that protects nothing, and notes that are signed with it, written out by the specification."""

from base64 import b64encode
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.example/onrecord"


class Signer:
    """Signs as a log would."""

    def __init__(self, seed: bytes = bytes(32), name: str = ORIGIN) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.name = name
        self._public = b"\x01" + self._key.public_key().public_bytes_raw()
        self._key_id = sha256(name.encode() + b"\n" + self._public).digest()[:4]

    @property
    def verifier_key(self) -> str:
        return f"{self.name}+{self._key_id.hex()}+{b64encode(self._public).decode()}"

    def note(self, text: str) -> bytes:
        signature = b64encode(self._key_id + self._key.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n".encode()

    def checkpoint(self, size: int, root: bytes) -> bytes:
        return self.note(f"{self.name}\n{size}\n{b64encode(root).decode()}\n")
