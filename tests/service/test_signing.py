"""The signing key: made once, readable for its owner alone, never shown; and whose log it signs."""

import pickle
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from service.durable import replace_file
from service.publishing.identity import KeyPlace, OtherLogError, begin_new_origin, open_log
from service.signing import SigningKeyError, create_signing_key, read_signing_key
from service.store.checkpoints import CheckpointStore
from service.store.databases import SqliteLedger
from tests.service.desk import NOON_US
from tests.service.publishing import ORIGIN, Press
from tests.service.test_publishing import put_back

OTHER = "ledger.example/second"


def test_a_key_is_made_for_its_owner_alone_and_read_again(tmp_path):
    path = tmp_path / "key.pem"
    made = create_signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert isinstance(load_pem_private_key(path.read_bytes(), None), Ed25519PrivateKey)
    assert read_signing_key(path).public_key == made.public_key
    Ed25519PublicKey.from_public_bytes(made.public_key).verify(made.sign(b"text"), b"text")
    assert [each.name for each in tmp_path.iterdir()] == ["key.pem"]


def test_no_key_is_overwritten(tmp_path):
    path = tmp_path / "key.pem"
    create_signing_key(path)
    before = path.read_bytes()
    with pytest.raises(SigningKeyError, match="is there already"):
        create_signing_key(path)
    assert path.read_bytes() == before


def test_a_key_shows_nothing_of_itself(tmp_path):
    key = create_signing_key(tmp_path / "key.pem")
    secret = "".join((tmp_path / "key.pem").read_text().splitlines()[1:-1])
    assert secret[-20:] not in f"{key!r}{key}{vars(key)}"
    with pytest.raises(TypeError):
        pickle.dumps(key)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_holds_no_key_is_refused_and_nothing_of_it_is_said(tmp_path, content):
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(SigningKeyError, match="holds no key in PEM") as caught:
        read_signing_key(tmp_path / "key.pem")
    assert "c2VjcmV0" not in str(caught.value)


def test_a_key_of_another_kind_is_refused(tmp_path):
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    with pytest.raises(SigningKeyError, match="is not of Ed25519"):
        read_signing_key(tmp_path / "key.pem")


def test_what_can_not_be_read_or_written_is_refused(tmp_path):
    with pytest.raises(SigningKeyError, match="can not be read"):
        read_signing_key(tmp_path)
    with pytest.raises(SigningKeyError, match="can not be written"):
        create_signing_key(tmp_path / "nowhere" / "key.pem")


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path):
    replace_file(tmp_path / "file", b"one")
    replace_file(tmp_path / "file", b"other")
    assert (tmp_path / "file").read_bytes() == b"other"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    database = SqliteLedger(tmp_path / "data")
    database.prepare()
    return CheckpointStore(database.tables)


@pytest.fixture
def place(tmp_path: Path) -> KeyPlace:
    return KeyPlace.of(tmp_path / "data", None)


def test_the_first_start_makes_the_key_and_begins_the_log(store, place):
    opened = open_log(ORIGIN, place, store, NOON_US)
    assert opened.identity.verifier_key.startswith(f"{ORIGIN}+")
    assert open_log(ORIGIN, place, store, NOON_US + 1).identity == opened.identity
    assert list(store.list_logs()) == [opened.identity]


def test_the_data_directory_is_made_for_the_key_where_the_ledger_is_elsewhere(store, tmp_path):
    place = KeyPlace.of(tmp_path / "another" / "folder", None)
    open_log(ORIGIN, place, store, NOON_US)
    assert place.path.parent.stat().st_mode & 0o077 == 0


def test_a_start_with_another_origin_is_refused(store, place):
    open_log(ORIGIN, place, store, NOON_US)
    with pytest.raises(OtherLogError, match=f"log is {ORIGIN}, ONRECORD_ORIGIN says {OTHER}: .*new-origin"):
        open_log(OTHER, place, store, NOON_US)


def test_a_start_with_another_key_is_refused(store, place, tmp_path):
    open_log(ORIGIN, place, store, NOON_US)
    create_signing_key(tmp_path / "other.pem")
    with pytest.raises(OtherLogError, match=f"is not the key of {ORIGIN}"):
        open_log(ORIGIN, KeyPlace.of(tmp_path, tmp_path / "other.pem"), store, NOON_US)


def test_a_start_without_the_key_is_refused_and_makes_none(store, place):
    open_log(ORIGIN, place, store, NOON_US)
    place.path.unlink()
    with pytest.raises(SigningKeyError, match=f"no signing key in .* the key of {ORIGIN} is needed"):
        open_log(ORIGIN, place, store, NOON_US)
    assert not place.path.exists()


def test_a_key_that_a_setting_names_is_never_made(store, tmp_path):
    with pytest.raises(SigningKeyError, match="there is no signing key in"):
        open_log(ORIGIN, KeyPlace.of(tmp_path, tmp_path / "missing.pem"), store, NOON_US)
    assert list(store.list_logs()) == []


def test_a_new_origin_begins_with_the_old_logs_last_checkpoint_kept_beside_its_first(tmp_path):
    with Press(tmp_path / "data") as press:
        press.publish(3)
        press.publish(4)
        last = press.shown[-1]
        put_back(press, 3)
        begin_new_origin(OTHER, press.place, press.store, NOON_US)
    with Press(tmp_path / "data", OTHER) as press:
        assert press.publish(2) == [5]
        kept = press.store.list_checkpoints(0, 10)
        assert [(each.log_id, each.size) for each in kept] == [(1, 3), (1, 7), (2, 5)]
        assert kept[1].note == last
        assert press.log.file.read() == press.shown[-1]


def test_a_new_origin_may_have_a_new_key(tmp_path):
    with Press(tmp_path / "data") as press:
        press.publish(3)
        old_key = press.log.identity.verifier_key
        press.place.path.unlink()
        begin_new_origin(OTHER, press.place, press.store, NOON_US)
    with Press(tmp_path / "data", OTHER) as press:
        assert press.log.identity.verifier_key.split("+")[2] != old_key.split("+")[2]
        assert press.publish() == [3]


def test_who_still_signs_for_the_old_origin_is_stopped(tmp_path):
    with Press(tmp_path / "data") as press:
        press.publish(3)
        begin_new_origin(OTHER, press.place, press.store, NOON_US)
        assert press.publish(1) == []


@pytest.mark.parametrize("is_in_file_only", [False, True])
def test_an_origin_is_used_once(tmp_path, is_in_file_only):
    with Press(tmp_path / "data") as press:
        press.publish(3)
        begin_new_origin(OTHER, press.place, press.store, NOON_US)
        if is_in_file_only:
            press.log.file.write(b"ledger.example/third\n3\n")
        with pytest.raises(OtherLogError, match="was used before"):
            begin_new_origin("ledger.example/third" if is_in_file_only else ORIGIN, press.place, press.store, NOON_US)


def test_without_a_log_there_is_no_new_origin(store, place):
    with pytest.raises(OtherLogError, match="the ledger has no log yet"):
        begin_new_origin(OTHER, place, store, NOON_US)


def test_of_two_first_starts_at_once_both_open_the_log_of_the_first(store, place, monkeypatch):
    first = open_log(ORIGIN, place, store, NOON_US)
    looks = iter([[], store.list_logs()])
    monkeypatch.setattr(store, "list_logs", lambda: next(looks))
    assert open_log(ORIGIN, place, store, NOON_US + 1).identity == first.identity
