"""The log of a real service: receipts and checkpoints that others verify, and what happens when it is put back."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from projections.log.verify.layout import entry_of
from projections.log.verify.notes import open_checkpoint, parse_key, parse_receipt, split_notes
from projections.log.verify.tree import leaf_hash, verify_inclusion
from tests.e2e.service_process import ServiceProcess
from tests.e2e.test_operating import small_report
from tests.service.witness_server import WitnessServer

ORIGIN = "ledger.example/log"


def post_published(client: httpx.Client, claim_id: str = "claim") -> httpx.Response:
    return client.post("/v1/events", json=small_report(claim_id), params={"wait": "published"})


def test_an_event_has_a_receipt_as_soon_as_the_append_that_waits_for_it_is_answered(service: ServiceProcess):
    verifier_key = parse_key(service.command("log-key").stdout)
    with service.client(service.create_key("desk", "reporter")) as client:
        assert parse_key(client.get("/log/key").text) == verifier_key
        for _ in range(3):
            receipt = post_published(client).json()
            proof = parse_receipt(client.get(f"/v1/events/{receipt['event_id']}/proof").content)
            checkpoint = open_checkpoint(proof.checkpoint, verifier_key)
            leaf = leaf_hash(entry_of(receipt["event_sha256"], receipt["recorded_at"]))
            verify_inclusion(leaf, proof.leaf_index, checkpoint.size, proof.proof, checkpoint.root)
            assert proof.leaf_index == receipt["position"] - 1
        summary = client.get("/v1/summary", params={"min_position": 3}).json()
        notes = split_notes(client.get("/log/checkpoints").content)
    assert summary["checkpoint"]["size"] == 3
    assert [open_checkpoint(note, verifier_key).size for note in notes] == [0, 1, 2, 3]


def test_onrecord_verify_finds_nothing_wrong(service: ServiceProcess):
    key = service.create_key("desk", "editor")
    assert service.command("demo", "--url", service.url, "--key", key).returncode == 0
    with service.client(key) as client:
        assert post_published(client).status_code == 201
        verifier_key = client.get("/log/key").text.strip()
    verified = service.command("verify", service.url, "--key", verifier_key, "--api-key", key)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_served_checkpoint_carries_the_signatures_of_witnesses(service: ServiceProcess):
    with WitnessServer(service.command("log-key").stdout.strip()) as witness:
        assert service.command("witness", "add", witness.verifier_key, witness.url).returncode == 0
        assert witness.verifier_key in service.command("witness", "list").stdout
        with service.client(service.create_key("desk", "reporter")) as client:
            assert post_published(client).status_code == 201
            # Each try is a request that takes its time.
            notes = (client.get("/log/checkpoint").text for _ in range(20_000))
            assert any(f"— {witness.name} " in note for note in notes)
            assert f'onrecord_witness_size{{witness="{witness.name}"}} 1.0' in client.get("/metrics").text
        assert service.command("witness", "remove", witness.verifier_key).returncode == 0


def put_back(data_dir: Path, copy: Path) -> None:
    for path in [*data_dir.glob("ledger.db*"), *data_dir.glob("views*")]:
        path.unlink()
    shutil.copy(copy, data_dir / "ledger.db")


def test_an_older_ledger_takes_no_events_until_it_has_a_new_origin(tmp_path):
    data_dir = tmp_path / "data"
    service = ServiceProcess(data_dir, origin=ORIGIN)
    with service, service.client(key := service.create_key("desk", "reporter")) as client:
        assert post_published(client).status_code == 201
        with closing(sqlite3.connect(data_dir / "ledger.db")) as connection:
            connection.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
        assert post_published(client).status_code == 201
    put_back(data_dir, tmp_path / "copy.db")
    with service, service.client(key) as client:
        answer = client.post("/v1/events", json=small_report("claim"))
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        (reason,) = client.get("/readyz").json()["reasons"]
        assert re.search("ends at position 1, but a checkpoint was signed for 2: .* `onrecord new-origin`", reason)
        assert "onrecord_log_broken 1.0" in client.get("/metrics").text
        assert client.get("/v1/claims/claim", params={"min_position": 1}).status_code == 200
    service.environment["ONRECORD_ORIGIN"] = "ledger.example/second"
    assert service.command("serve", "--port", "0").stderr.startswith(f"onrecord: the ledger's log is {ORIGIN}")
    second = service.command("new-origin").stdout.strip()
    with service, service.client(key) as client:
        assert post_published(client).status_code == 201
        notes = split_notes(client.get("/log/checkpoints").content)
        assert [tuple(note.decode().split("\n")[:2]) for note in notes][-3:-1] == [
            (ORIGIN, "2"),
            ("ledger.example/second", "1"),
        ]
        assert open_checkpoint(notes[-1], parse_key(second)).size == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("log-key", "new", "here.pem"), "here.pem is there already: no key is ever overwritten"),
        (("new-origin",), "there is no ledger in "),
        (("witness", "add", "w1", "https://witness.example"), "a verifier key is written name+id+base64"),
        (("witness", "remove", "w1"), "there is no witness with this verifier key"),
    ],
)
def test_what_can_not_be_signed_is_one_line_and_exit_code_2(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    Path("here.pem").touch()
    ended = ServiceProcess(tmp_path / "data").command(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"onrecord: {message}"), ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_witness_has_an_address_of_http(service: ServiceProcess):
    with WitnessServer(service.command("log-key").stdout.strip()) as witness:
        for url in ("ftp://witness.example", "witness.example", "https://"):
            ended = service.command("witness", "add", witness.verifier_key, url)
            assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
        of_log = service.command("witness", "add", service.command("log-key").stdout.strip(), "https://w.example")
        assert "is not one for cosignatures of Ed25519" in of_log.stderr


def test_a_key_that_a_setting_names_is_made_by_hand_and_signs(tmp_path):
    path = tmp_path / "keys" / "log.pem"
    service = ServiceProcess(tmp_path / "data", signing_key_file=str(path))
    assert "there is no signing key in" in service.command("serve", "--port", "0").stderr
    path.parent.mkdir()
    assert service.command("log-key", "new", str(path)).returncode == 0
    with service, service.client(service.create_key("desk", "reporter")) as client:
        assert post_published(client).status_code == 201
    assert sorted(each.name for each in path.parent.iterdir()) == ["log.pem", "log.pem.checkpoint"]
    assert not (tmp_path / "data" / "log-key.pem").exists()
    secret = path.read_text().splitlines()[1]
    assert secret not in service.log_path.read_text()
