"""What passes between a log and a witness: c2sp.org/tlog-witness and tlog-cosignature, from the log's side."""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from projections.log.checkpoint import COSIGNATURE, VerifierKey, cosigned_message, split_note

_LINE = re.compile("— (?P<name>[^ ]+) (?P<signature>[A-Za-z0-9+/=]+)\n")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,17})\n?")
_KEY_ID_BYTES, _TIME_BYTES, _SIGNATURE_BYTES, _PUBLIC_KEY_BYTES = 4, 8, 64, 32


class WitnessError(Exception):
    """The witness's answer is none that counts; it may be asked again."""


def parse_witness_key(text: str) -> VerifierKey:
    """Return the key that a witness signs with. Raises ValueError."""
    key = VerifierKey.parse(text)
    if key.kind != COSIGNATURE or len(key.public_key) != _PUBLIC_KEY_BYTES:
        raise ValueError(f"the key of {key.name} is not one for cosignatures of Ed25519 (type 04)")
    return key


def encode_request(old_size: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """Return the body of `add-checkpoint`."""
    lines = [f"old {old_size}", *(b64encode(each).decode() for each in proof), "", ""]
    return "\n".join(lines).encode() + note


def find_cosignature(answer: bytes, key: VerifierKey, note: bytes) -> bytes:
    """Return the line in a witness's answer that its key has signed the note's text with. Raises WitnessError."""
    try:
        lines = answer.decode().splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise WitnessError("its answer is not UTF-8") from error
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise WitnessError("its answer is not made of signature lines")
        signature = _decode(match["signature"])
        if match["name"] == key.name and signature[:_KEY_ID_BYTES] == key.key_id:
            _verify(signature[_KEY_ID_BYTES:], key, split_note(note)[0])
            return key.signature_line(signature[_KEY_ID_BYTES:])
    raise WitnessError(f"its answer has no signature by {key.text}")


def parse_size(answer: bytes) -> int:
    """Return the size that a witness remembers: what it answers with 409. Raises WitnessError."""
    match = _SIZE.fullmatch(answer)
    if match is None:
        raise WitnessError("it answers 409 without the size that it remembers")
    return int(match[1])


def _verify(signature: bytes, key: VerifierKey, text: bytes) -> None:
    at_s = int.from_bytes(signature[:_TIME_BYTES], "big")
    if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES or at_s == 0:
        raise WitnessError("its signature is not an instant and a signature of Ed25519")
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature[_TIME_BYTES:], cosigned_message(text, at_s))
    except InvalidSignature as error:
        raise WitnessError("its signature is wrong") from error


def _decode(text: str) -> bytes:
    try:
        decoded = b64decode(text, validate=True)
    except ValueError as error:
        raise WitnessError("its answer is not made of signature lines") from error
    # Who reads strictly would refuse the whole checkpoint.
    if b64encode(decoded).decode() != text:
        raise WitnessError("its answer is not base64 as it is written")
    return decoded
