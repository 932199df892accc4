"""An evidence pack proves a claim's events offline, and no less than all of what it holds."""

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from projections.log.verify.notes import VerifierKey, parse_key
from service.audit.evidence import make_pack, read_pack, verify_pack
from service.audit.findings import AuditError, Findings, Violation
from service.audit.http_source import HttpSource
from tests.projections.log.signing import Signer
from tests.projections.log.slow_tree import inclusion_path
from tests.service.audit.auditing import places
from tests.service.audit.fake_service import FakeService, serving
from tests.service.audit.published import Published, entry, golden_lines, write

KEY = parse_key(Signer().verifier_key)
CLAIM = "six-officers"
ERASED = "a-name"
Json = dict[str, Any]


def publish(folder: Path) -> FakeService:
    """Serve the golden ledger, with a receipt for each event."""
    Published().write(folder)
    write(folder / "key", f"{Signer().verifier_key}\n".encode())
    lines = golden_lines()
    entries, checkpoint = [entry(line) for line in lines], (folder / "checkpoint").read_bytes()
    for index, line in enumerate(lines):
        path = "".join(b64encode(each).decode() + "\n" for each in inclusion_path(index, entries))
        receipt = f"c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n".encode() + checkpoint
        write(folder / "proofs" / (line["event"] or line["tombstone"])["event_id"], receipt)
    return FakeService(folder)


def pack_of(claim_id: str, folder: Path) -> Path:
    fake = publish(folder / "served")
    with serving(fake) as url, httpx.Client(base_url=url, trust_env=False) as client:
        pack = make_pack(HttpSource(client, "desk", lambda _: None), claim_id, "desk", lambda *_: None)
    write(folder / "evidence", pack)
    return folder / "evidence"


def verify(path: Path, key: VerifierKey | None = KEY) -> list[Violation]:
    found: list[Violation] = []
    verify_pack(read_pack(path), key, Findings(found.append))
    return found


@pytest.mark.parametrize("claim_id", sorted({(x["event"] or x["tombstone"])["claim_id"] for x in golden_lines()}))
def test_a_pack_is_verified_offline(tmp_path, claim_id):
    path = pack_of(claim_id, tmp_path)
    assert verify(path) == []
    assert verify(path, key=None) == []


def test_a_pack_has_what_foreign_tools_need(tmp_path):
    pack = json.loads(pack_of(CLAIM, tmp_path).read_text())
    assert pack["verifier_key"] == Signer().verifier_key
    for event in pack["events"]:
        assert sha256(event["stored"].encode()).hexdigest() == event["event_sha256"]
        assert json.loads(event["entry"])["event_sha256"] == event["event_sha256"]
        assert event["receipt"].endswith(pack["checkpoint"])


def change(member: str, old: str, new: str) -> Callable[[Json], None]:
    def changed(pack: Json) -> None:
        event = pack["events"][1]
        assert old in event[member]
        event[member] = event[member].replace(old, new, 1)

    return changed


def sign_by_a_stranger(pack: Json) -> None:
    """The pack of who makes a log of his own, with his own key beside it."""
    stranger = Signer(seed=b"\x01" * 32)
    signed = stranger.note(pack["checkpoint"].partition("\n\n")[0] + "\n").decode()
    for event in pack["events"]:
        event["receipt"] = event["receipt"].replace(pack["checkpoint"], signed)
    pack |= {"checkpoint": signed, "verifier_key": stranger.verifier_key}


def claim_more(pack: Json) -> None:
    pack["claim"]["standing"]["counts"]["reports"] += 1


def shift(pack: Json) -> None:
    pack["events"][1]["position"] += 1


@pytest.mark.parametrize(
    ("attack", "kinds"),
    [
        (change("stored", "scope", "sc0pe"), {"event", "version", "standing"}),
        (
            change("entry", '"event_sha256":"', '"event_sha256":"0'),
            {"event", "proof", "previous", "version", "standing"},
        ),
        (change("entry", "00Z", "01Z"), {"recorded_at", "proof"}),
        (change("event_sha256", "5", "6"), {"event", "previous"}),
        (change("stored", '"schema', ' "schema'), {"event", "previous"}),
        (change("receipt", "index 1", "index 2"), {"proof"}),
        (change("receipt", "index 1", "index x"), {"proof"}),
        (change("receipt", "\n16\n", "\n17\n"), {"signature"}),
        (lambda pack: pack["events"].pop(1), {"version", "previous", "standing"}),
        (lambda pack: pack.update(checkpoint="none"), {"signature"}),
        (lambda pack: pack.update(claim_id="another"), {"event", "version", "standing"}),
        (sign_by_a_stranger, {"signature"}),
        (claim_more, {"standing"}),
        (shift, {"proof", "order"}),
    ],
)
def test_whatever_is_changed_in_a_pack_is_found(tmp_path, attack, kinds):
    path = pack_of(CLAIM, tmp_path)
    pack = json.loads(path.read_text())
    attack(pack)
    path.write_text(json.dumps(pack))
    found = {kind for kind, _ in places(verify(path))}
    assert found
    assert found <= kinds


def test_what_is_no_pack_is_told(tmp_path):
    write(tmp_path / "letter", b"Dear all")
    with pytest.raises(AuditError, match="is no evidence pack"):
        read_pack(tmp_path / "letter")
    path = pack_of(ERASED, tmp_path)
    path.write_text(path.read_text().replace(Signer().verifier_key, "none"))
    with pytest.raises(AuditError, match="the pack's verifier key is none"):
        verify(path, key=None)


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        (f"/v1/claims/{CLAIM}/history", (404, b""), "there is no claim"),
        (f"/v1/claims/{CLAIM}/history", (200, b"{}\n"), "a line that is no record"),
        ("/log/key", (404, b""), "/log/key is missing"),
    ],
)
def test_what_can_not_be_packed_is_told(tmp_path, path, answer, why):
    fake = publish(tmp_path / "served")
    fake.broken[path] = [answer]
    with serving(fake) as url, httpx.Client(base_url=url, trust_env=False) as client:
        source = HttpSource(client, "desk", lambda _: None)
        with pytest.raises(AuditError, match=why):
            make_pack(source, CLAIM, "desk", lambda *_: None)
