"""What reads notes, judged by the examples of c2sp.org/signed-note and by what must be refused."""

from base64 import b64encode

import pytest

from projections.log.verify.notes import (
    Checkpoint,
    NoteError,
    open_checkpoint,
    open_note,
    parse_key,
    parse_receipt,
    split_notes,
)
from tests.projections.log.signing import ORIGIN, Signer

# As the specification has them.
PUBLISHED_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
PUBLISHED_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()

ROOT = bytes(range(32))
ROOT64 = b64encode(ROOT).decode()
LOG = Signer()
KEY = parse_key(LOG.verifier_key)
STRANGER = Signer(seed=b"\x01" * 32)


def test_the_published_note_is_signed_by_the_published_key():
    assert open_note(PUBLISHED_NOTE, parse_key(PUBLISHED_KEY)) == "This is an example message.\n"


def test_a_checkpoint_is_read_beside_signatures_of_others():
    text, lines = LOG.checkpoint(7, ROOT).split(b"\n\n")
    other = Signer(seed=b"\x02" * 32, name="witness.example/w1").note("x\n").split(b"\n\n")[1]
    for note in (text + b"\n\n" + lines, text + b"\n\n" + other + lines, text + b"\n\n" + lines + other):
        assert open_checkpoint(note, KEY) == Checkpoint(ORIGIN, 7, ROOT)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (LOG.checkpoint(7, ROOT).replace(b"\n7\n", b"\n8\n"), "is wrong"),
        (STRANGER.checkpoint(7, ROOT), "there is no signature by"),
        (Signer(name="elsewhere.example").checkpoint(7, ROOT), "there is no signature by"),
        (LOG.note(f"other.example\n7\n{ROOT64}\n"), "the checkpoint is of other.example"),
        (LOG.note(f"{ORIGIN}\n07\n{ROOT64}\n"), "without leading zeroes"),
        (LOG.note(f"{ORIGIN}\n-7\n{ROOT64}\n"), "without leading zeroes"),
        (LOG.note(f"{ORIGIN}\n7\n{ROOT64}\nmore\n"), "three lines"),
        (LOG.note(f"{ORIGIN}\n7\n"), "three lines"),
        (LOG.note(f"{ORIGIN}\n7\nAAAA\n"), "a hash has 32 bytes"),
        (LOG.note(f"{ORIGIN}\n7\n{ROOT64[:-2]}9=\n"), "as it is written"),
        (LOG.note(f"{ORIGIN}\n7\n%%%\n"), "is not base64"),
        (LOG.checkpoint(7, ROOT)[:-1], "an empty line, and signatures"),
        (LOG.checkpoint(7, ROOT).replace(b"\n", b"\r\n"), "no control characters"),
        (b"\xff" + LOG.checkpoint(7, ROOT), "UTF-8"),
        (b"", "an empty line, and signatures"),
        (LOG.checkpoint(7, ROOT) + b"- no dash\n", "a signature is a line"),
        (LOG.checkpoint(7, ROOT) + "— name AAAA\n".encode(), "longer than its key id"),
        (LOG.checkpoint(7, ROOT) + "— name AAAAAAAA\n".encode() * 64, "more than 64"),
    ],
)
def test_what_is_no_checkpoint_of_the_log_is_refused(note, why):
    with pytest.raises(NoteError, match=why):
        open_checkpoint(note, KEY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "name\\+id\\+base64"),
        ("log.example", "name\\+id\\+base64"),
        (LOG.verifier_key.upper(), "name\\+id\\+base64"),
        (LOG.verifier_key[:-4], "not of Ed25519"),
        (LOG.verifier_key.replace("log.", "lag."), "not that of its name"),
        ("log.example+00000000+BAAA", "not of Ed25519"),
    ],
)
def test_what_is_no_verifier_key_is_refused(text, why):
    with pytest.raises(NoteError, match=why):
        parse_key(text)


def test_a_list_of_checkpoints_is_split():
    notes = [LOG.checkpoint(size, ROOT) for size in range(3)]
    assert split_notes(b"".join(notes)) == notes
    assert split_notes(b"") == []
    with pytest.raises(NoteError, match="not a list"):
        split_notes(b"".join(notes)[:-1])


@pytest.mark.parametrize("extra", ["", "extra AAAA\n"])
@pytest.mark.parametrize("proof", [[], [ROOT], [ROOT, bytes(32)]])
def test_a_receipt_is_read(extra, proof):
    lines = "".join(b64encode(each).decode() + "\n" for each in proof)
    checkpoint = LOG.checkpoint(7, ROOT)
    receipt = parse_receipt(f"c2sp.org/tlog-proof@v1\n{extra}index 5\n{lines}\n".encode() + checkpoint)
    assert (receipt.leaf_index, receipt.proof, receipt.checkpoint) == (5, tuple(proof), checkpoint)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "begins with"),
        ("c2sp.org/tlog-proof@v2\nindex 5\n\n", "begins with"),
        ("c2sp.org/tlog-proof@v1\n\n", "names the index"),
        ("c2sp.org/tlog-proof@v1\nextra AAAA\n\n", "names the index"),
        ("c2sp.org/tlog-proof@v1\nindex five\n\n", "not a number"),
        ("c2sp.org/tlog-proof@v1\nindex 5\nAAAA\n\n", "32 bytes"),
    ],
)
def test_what_is_no_receipt_is_refused(text, why):
    with pytest.raises(NoteError, match=why):
        parse_receipt(text.encode())
