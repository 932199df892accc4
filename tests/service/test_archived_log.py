"""What was signed goes along with a ledger: into its archive, and out of it into another ledger, as it is."""

import shutil
from pathlib import Path

import pytest

from service.archive.errors import DamagedError
from service.publishing.identity import begin_new_origin
from service.store.checkpoints import Cosignature, Witness
from service.store.whole import NotEmptyError
from tests.service.archives import contents, make_archive, restore_archive, tampered
from tests.service.desk import NOON_US
from tests.service.publishing import Press
from tests.service.test_restore import seal

OTHER = "ledger.example/second"
LINE = "— witness.example/w1 AAAA\n".encode()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with two logs, checkpoints of both, a cosignature and a witness."""
    with Press(tmp_path / "data") as press:
        press.publish(3)
        press.publish(1)
        begin_new_origin(OTHER, press.place, press.store, NOON_US)
    with Press(tmp_path / "data", OTHER) as press:
        press.publish(1)
        press.store.add_cosignature(Cosignature(number=2, verifier_key="w+1+A", line=LINE, cosigned_us=NOON_US))
        press.store.add_witness(Witness(verifier_key="w+1+A", url="https://witness.example", added_us=NOON_US))
        return press.ledger


def test_what_was_signed_is_restored_as_it_was(ledger, tmp_path):
    made = make_archive(ledger, tmp_path / "archive")
    assert made.checkpoints == 3
    restored = restore_archive(tmp_path / "archive", tmp_path / "restored")
    assert contents(restored) == contents(ledger)
    assert make_archive(restored, tmp_path / "again") == made


def test_a_restored_ledger_goes_on_with_the_key_and_its_last_checkpoint_beside_it(ledger, tmp_path):
    make_archive(ledger, tmp_path / "archive")
    restored = restore_archive(tmp_path / "archive", tmp_path / "restored").parent
    for name in ("log-key.pem", "log-key.pem.checkpoint"):
        shutil.copy(ledger.parent / name, restored)
    with Press(restored, OTHER) as press:
        assert press.publish(2) == [5, 7]


def test_a_checkpoint_that_the_logs_key_has_not_signed_is_found_by_backup(ledger, tmp_path):
    tampered(ledger, "UPDATE checkpoints SET note = CAST(replace(note, X'0A330A', X'0A320A') AS BLOB) WHERE number = 1")
    with pytest.raises(DamagedError, match=r"the ledger: checkpoint 1: the signature by .* is wrong"):
        make_archive(ledger, tmp_path / "archive")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'"size":3', b'"size":2', "line 2: checkpoint 1 is for 3 events, not for 2"),
        (b"\\n3\\n", b"\\n2\\n", "line 2: checkpoint 1: the signature by"),
        (b'"log_id":1,"note"', b'"log_id":2,"note"', "line 2: a checkpoint is of the log in force"),
        (b'"kind":"checkpoint"', b'"kind":"something"', "line 2: "),
    ],
)
def test_a_log_that_was_forged_in_the_archive_is_refused(ledger, tmp_path, old, new, what):
    archive = tmp_path / "archive"
    make_archive(ledger, archive)
    content = (archive / "log.ndjson").read_bytes()
    assert old in content
    (archive / "log.ndjson").write_bytes(content.replace(old, new, 1))
    seal(archive)
    with pytest.raises(DamagedError, match=rf"log\.ndjson, {what}"):
        restore_archive(archive, tmp_path / "restored")


def test_an_archive_with_a_log_goes_into_no_ledger_that_has_begun_one(ledger, tmp_path):
    make_archive(ledger, tmp_path / "archive")
    with Press(tmp_path / "served"):
        pass
    with pytest.raises(NotEmptyError, match="has begun a log of its own"):
        restore_archive(tmp_path / "archive", tmp_path / "served")
