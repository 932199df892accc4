"""Checkpoints, keys and receipts are written as C2SP's pages write them."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from projections.log.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    VerifierKey,
    add_signatures,
    check_key_name,
    cosigned_message,
    encode_receipt,
    split_note,
)

ENGINES = ("sqlite",)

# The examples of c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature.
KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
TEXT = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
LOGS_LINE = (
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
).encode()
WITNESS_LINE = (
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()
CHECKPOINT = TEXT + b"\n" + LOGS_LINE

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(32))
LOG = VerifierKey("log.example/onrecord", PRIVATE.public_key().public_bytes_raw())


def test_the_example_key_is_read_and_written():
    key = VerifierKey.parse(KEY)
    assert (key.name, key.key_id.hex(), key.text) == ("example.com/foo", "530d903a", KEY)


def test_the_example_note_is_signed_by_the_example_key_and_written_again():
    key = VerifierKey.parse(KEY)
    text, lines = split_note(NOTE)
    signature = b64decode(lines[0].split()[-1])
    assert signature[:4] == key.key_id
    Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature[4:], text)
    assert text + b"\n" + key.signature_line(signature[4:]) == NOTE


def test_the_example_checkpoint_is_read_and_written():
    checkpoint = Checkpoint.parse(CHECKPOINT)
    assert (checkpoint.origin, checkpoint.tree_size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == TEXT


def test_a_signed_checkpoint_is_verified_by_the_key_over_its_text():
    checkpoint = Checkpoint(LOG.name, 7, bytes(32))
    text, lines = split_note(checkpoint.sign(LOG, PRIVATE.sign))
    assert text == f"log.example/onrecord\n7\n{'A' * 43}=\n".encode()
    (line,) = lines
    dash, name, signature = line.decode().split()
    assert (dash, name) == ("—", LOG.name)
    assert b64decode(signature)[:4] == LOG.key_id
    PRIVATE.public_key().verify(b64decode(signature)[4:], text)


def test_the_example_cosignature_is_added_after_the_signature_once():
    cosigned = add_signatures(CHECKPOINT, [WITNESS_LINE, WITNESS_LINE])
    assert cosigned == CHECKPOINT + WITNESS_LINE
    assert add_signatures(cosigned, [LOGS_LINE, WITNESS_LINE]) == cosigned
    assert split_note(cosigned) == (TEXT, [LOGS_LINE, WITNESS_LINE])


def test_a_witness_signs_its_time_and_the_whole_text():
    assert cosigned_message(TEXT, 1679315147) == b"cosignature/v1\ntime 1679315147\n" + TEXT


def test_a_witness_with_the_key_of_a_log_has_another_id():
    witness = VerifierKey(LOG.name, LOG.public_key, COSIGNATURE)
    assert witness.key_id != LOG.key_id
    assert VerifierKey.parse(witness.text) == witness


@pytest.mark.parametrize("seed", range(64))
def test_a_key_is_read_whatever_its_base64_holds(seed):
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    key = VerifierKey("a/b", private.public_key().public_bytes_raw())
    assert VerifierKey.parse(key.text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903a+",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        KEY + "\n",
    ],
)
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(ValueError, match=r"verifier key|name of a key|not base64"):
        VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2028b", "a\x7f", "\ud800"])
def test_a_name_that_could_not_be_told_from_the_rest_of_a_line_is_refused(name):
    with pytest.raises(ValueError, match="the name of a key"):
        check_key_name(name)
    with pytest.raises(ValueError, match="the name of a key"):
        Checkpoint(name, 0, bytes(32))


@pytest.mark.parametrize(
    "note",
    [
        b"",
        TEXT,
        TEXT + b"\n",
        CHECKPOINT[:-1],
        CHECKPOINT + b"\n",
        CHECKPOINT + b"- a b\n",
        CHECKPOINT.replace(b"\n", b"\r\n"),
        CHECKPOINT.replace(b"20852163", b"020852163"),
        CHECKPOINT.replace(b"20852163", b"-1"),
        CHECKPOINT.replace(b"q2I=\n", b"q2J=\n"),
        CHECKPOINT.replace(b"q2I=\n", b"q2I=\nextension\n"),
        CHECKPOINT.replace(b"example", b"\xff"),
    ],
)
def test_what_is_no_checkpoint_is_refused(note):
    with pytest.raises(ValueError, match=r"checkpoint|a note is|utf-8"):
        Checkpoint.parse(note)


def test_a_receipt_holds_index_proof_and_checkpoint():
    receipt = encode_receipt(73894, [bytes(32), b"\xff" * 32], CHECKPOINT)
    hashes = f"{'A' * 43}=\n{'/' * 42}8=\n".encode()
    assert receipt == b"c2sp.org/tlog-proof@v1\nindex 73894\n" + hashes + b"\n" + CHECKPOINT


def test_the_receipt_of_a_lonely_entry_has_no_hashes():
    assert encode_receipt(0, [], CHECKPOINT) == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + CHECKPOINT
