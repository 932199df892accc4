"""The key that signs the log: made once, read from a file that only its owner reads, never shown."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from service.durable import create_file


class SigningKeyError(Exception):
    """There is no key that can sign: the file is missing, or holds something else."""


class SigningKey:
    """An Ed25519 key. It says what it has signed and its public half, and shows nothing else of itself."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that everybody may have."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._key.sign(message)


def create_signing_key(path: Path) -> SigningKey:
    """Make a key and write it to a new file (PEM, PKCS #8, mode 0600), durably.

    Raises SigningKeyError where there is a file already, or it can not be written.
    """
    key = Ed25519PrivateKey.generate()
    try:
        create_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except FileExistsError as error:
        raise SigningKeyError(f"{path} is there already: no key is ever overwritten") from error
    except OSError as error:
        raise SigningKeyError(f"{path} can not be written: {error.strerror}") from error
    return SigningKey(key)


def read_signing_key(path: Path) -> SigningKey:
    """Return the key in a file. Raises SigningKeyError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise SigningKeyError(f"there is no signing key in {path}") from error
    except OSError as error:
        raise SigningKeyError(f"{path} can not be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # Not what the library says of it: nothing of the file belongs into a message.
        raise SigningKeyError(f"{path} holds no key in PEM (PKCS #8, without a password)") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"the key in {path} is not of Ed25519")
    return SigningKey(key)
