"""Whatever is done to a ledger, the auditor is told what and where."""

from hashlib import sha256
from pathlib import Path

import pytest

from domain.encoding import canonical_json
from tests.projections.log.signing import Signer
from tests.service.audit.auditing import audit, places
from tests.service.audit.published import (
    Published,
    edit,
    entry,
    flip,
    golden_lines,
    record,
    root_in,
    write,
    write_log,
)

STRANGER = Signer(seed=b"\x01" * 32)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return Published().write(tmp_path / "mirror")


def test_an_honest_ledger_is_verified(mirror):
    found, outcome = audit(mirror)
    assert found == []
    assert outcome is not None
    verified, state = outcome
    assert (verified.size, verified.begun_at, verified.claims) == (16, 0, len(claim_ids()))
    assert (verified.seen.events, verified.seen.erased, verified.seen.hidden) == (16, 1, 0)
    assert verified.root == root_in((mirror / "checkpoint").read_bytes()).hex() == state.root.hex()


def test_an_empty_ledger_is_verified(tmp_path):
    found, outcome = audit(Published([]).write(tmp_path / "mirror"))
    assert found == []
    assert outcome is not None
    assert outcome[0].size == 0


def test_one_bit_of_a_stored_event(mirror):
    edit(events(mirror), lambda body: flip(body, body.index(b"Six officers")))
    found, _ = audit(mirror)
    assert ("event", 1) in places(found)
    assert {each.position for each in found if each.kind == "event"} == {1}
    assert str(found[0]).startswith("position 1: event: found digest ")


def test_one_bit_of_an_entry(mirror):
    edit(mirror / "tile/entries/000.p/16", lambda body: flip(body, body.index(b"sha256") + 30))
    found, _ = audit(mirror)
    assert {("event", 1), ("root", None), ("entry", 1)} <= set(places(found))
    assert {each.position for each in found} == {1, None}


def test_one_bit_of_the_form_of_an_entry(mirror):
    edit(mirror / "tile/entries/000.p/16", lambda body: flip(body, 4))
    found, _ = audit(mirror)
    assert ("entry", 1) in places(found)


def test_one_bit_of_a_tile(mirror):
    edit(mirror / "tile/0/000.p/16", lambda body: flip(body, 2 * 32))
    found, _ = audit(mirror)
    assert places(found) == [("tile", 3)]


def test_two_events_swapped(mirror):
    edit(events(mirror), lambda body: swap(body, 3, 5))
    found, _ = audit(mirror)
    assert {("event", 3), ("event", 5)} <= set(places(found))


def test_two_records_in_the_wrong_order(mirror):
    edit(events(mirror), lambda body: b"".join(reorder(body.splitlines(keepends=True), 3)))
    found, _ = audit(mirror)
    assert places(found)[:2] == [("missing", 3), ("order", 3)]


def test_one_event_dropped(mirror):
    edit(events(mirror), lambda body: b"".join(without(body.splitlines(keepends=True), 4)))
    found, _ = audit(mirror)
    assert places(found)[0] == ("missing", 4)


def test_the_last_events_dropped(mirror):
    edit(events(mirror), lambda body: b"".join(body.splitlines(keepends=True)[:14]))
    found, _ = audit(mirror)
    assert places(found)[:2] == [("missing", 15), ("missing", 16)]


def test_entries_that_are_not_served(mirror):
    (mirror / "tile/entries/000.p/16").unlink()
    edit(events(mirror), lambda body: flip(body, body.index(b"Six officers")))
    found, _ = audit(mirror)
    assert places(found)[:2] == [("missing", None), ("event", 1)]
    assert str(found[0]) == "tile/entries/000.p/16: missing: found nothing, expected 16 entries from position 1 on"


def test_the_log_truncated_under_its_checkpoint(mirror):
    (mirror / "tile/entries/000.p/16").unlink()
    (mirror / "tile/0/000.p/16").unlink()
    found, outcome = audit(mirror)
    assert (places(found), outcome) == ([("missing", None)] * 2, None)


def test_entries_cut_off(mirror):
    edit(mirror / "tile/entries/000.p/16", lambda body: body[:-5])
    assert places(audit(mirror)[0]) == [("missing", None)]


def test_a_tile_that_is_not_there(mirror):
    (mirror / "tile/0/000.p/16").unlink()
    assert places(audit(mirror)[0]) == [("missing", None)]


def test_recorded_at_moved_back(tmp_path):
    ledger = Published().change(9, recorded_at="2024-10-04T12:00:03.500000Z")
    found, _ = audit(ledger.write(tmp_path / "mirror"))
    assert ("recorded_at", 9) in places(found)


def test_an_instant_that_is_not_the_logs(mirror):
    edit(events(mirror), lambda body: body.replace(b"12:00:01.000000Z", b"12:00:00.000000Z", 1))
    found, _ = audit(mirror)
    assert places(found)[:2] == [("event", 1), ("recorded_at", 1)]


def test_previous_broken(tmp_path):
    ledger = Published().change(2, previous="ab" * 32)
    found, _ = audit(ledger.write(tmp_path / "mirror"))
    assert places(found)[0] == ("previous", 2)
    assert found[0].found == "ab" * 32


def test_a_standing_edited(mirror):
    edit(mirror / "claims-16.ndjson", lambda body: body.replace(b'"reports":1', b'"reports":7', 1))
    found, _ = audit(mirror)
    assert [each.kind for each in found] == ["standing"]
    assert (found[0].found, found[0].expected) == ("claim.standing.counts.reports 7", "1")
    assert found[0].where in {f"claim {each}" for each in claim_ids()}
    assert found[0].position


def test_a_claim_left_out_or_made_up(mirror):
    edit(mirror / "claims-16.ndjson", lambda body: body[body.index(b"\n") + 1 :])
    assert [(each.kind, each.found) for each in audit(mirror)[0]] == [("standing", "claim null")]
    edit(mirror / "claims-16.ndjson", lambda body: body + b'{"claim_id":"zzz"}\n')
    assert [each.where for each in audit(mirror)[0]] == [f"claim {claim_ids()[0]}", "claim zzz"]


def test_a_signature_by_another_key(tmp_path):
    found, outcome = audit(Published(signer=STRANGER).write(tmp_path / "mirror"))
    assert (places(found), outcome) == ([("signature", None)], None)


def test_a_checkpoint_with_another_size(mirror):
    edit(mirror / "checkpoint", lambda body: body.replace(b"\n16\n", b"\n15\n"))
    assert places(audit(mirror)[0]) == [("signature", None)]


def test_a_checkpoint_that_is_not_there(mirror):
    (mirror / "checkpoint").unlink()
    assert places(audit(mirror)[0]) == [("missing", None)]


def test_a_signed_root_that_the_entries_do_not_make(mirror):
    signed = Signer().checkpoint(16, bytes(32))
    (mirror / "checkpoint").write_bytes(signed)
    assert places(audit(mirror)[0]) == [("root", None)]


def test_a_checkpoint_rolled_back(mirror, tmp_path):
    _, outcome = audit(mirror)
    assert outcome is not None
    shorter = Published().write(tmp_path / "shorter", size=12)
    found, nothing = audit(shorter, remembered=outcome[1])
    assert (places(found), nothing) == ([("rollback", 13)], None)


def test_a_history_rewritten_and_signed_again(mirror, tmp_path):
    _, outcome = audit(Published().write(tmp_path / "earlier", size=12))
    assert outcome is not None
    assert audit(mirror, remembered=outcome[1])[0] == []
    lines = golden_lines()
    rewritten = Published([*lines[:3], *lines[4:]])
    for position, line in enumerate(rewritten.lines, 1):
        line["position"] = position
    found, _ = audit(rewritten.write(tmp_path / "rewritten"), remembered=outcome[1])
    assert ("fork", None) in places(found)
    assert "the remembered checkpoint: fork: found root " in "\n".join(map(str, found))


def test_a_checkpoint_that_was_kept_and_is_of_another_tree(mirror):
    kept = [Signer().checkpoint(4, bytes(32)), Signer(name="given.up").checkpoint(9, bytes(32))]
    (mirror / "checkpoints").write_bytes(b"".join(kept))
    found, _ = audit(mirror)
    assert places(found) == [("fork", None)]
    assert found[0].where == "checkpoints, size 4"


def test_a_checkpoint_that_was_kept_and_is_of_more_entries(mirror):
    (mirror / "checkpoints").write_bytes(Signer().checkpoint(17, bytes(32)))
    assert places(audit(mirror)[0]) == [("rollback", None)]


def test_a_kept_checkpoint_that_is_not_signed(mirror):
    (mirror / "checkpoints").write_bytes(Signer().checkpoint(4, bytes(32)).replace(b"\n4\n", b"\n5\n"))
    assert places(audit(mirror)[0]) == [("signature", None)]


def test_an_event_shown_as_erased_that_nobody_has_erased(tmp_path):
    lines = golden_lines()
    names = ("event_id", "claim_id", "claim_version", "type", "recorded_at", "classification")
    lines[0]["tombstone"] = {name: lines[0]["event"][name] for name in names}
    lines[0]["tombstone"] |= {"embargo_until": None, "target_event_id": None}
    lines[0]["event"] = None
    found, _ = audit(Published(lines).write(tmp_path / "hiding"))
    assert ("missing", 1) in places(found)


def test_a_line_that_is_no_record(mirror):
    edit(events(mirror), lambda body: b"{}\n" + body.replace(b'"claim_version":2', b'"claim_versi0n":2', 1))
    found, _ = audit(mirror)
    assert places(found)[0] == ("event", 1)
    assert ("missing", 2) in places(found)


def events(mirror: Path) -> Path:
    return mirror / "events" / "000000000001.ndjson"


def claim_ids() -> list[str]:
    return sorted({(line["event"] or line["tombstone"])["claim_id"] for line in golden_lines()})


def swap(body: bytes, one: int, other: int) -> bytes:
    """Two events in each other's place, everything around them as it was."""
    lines = body.splitlines(keepends=True)
    heads = [line.partition(b',"event":')[0] for line in lines]
    said = [line.partition(b',"event":')[2] for line in lines]
    said[one - 1], said[other - 1] = said[other - 1], said[one - 1]
    return b"".join(head + b',"event":' + each for head, each in zip(heads, said, strict=True))


def reorder(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]]


def without(lines: list[bytes], position: int) -> list[bytes]:
    return lines[: position - 1] + lines[position:]


@pytest.mark.parametrize(("change", "kind"), [({"claim_version": 9}, "version"), ({"schema_version": 7}, "event")])
def test_an_event_that_is_signed_and_yet_wrong(tmp_path, change, kind):
    honest = Published().write(tmp_path / "honest")
    shown = (honest / "claims-16.ndjson").read_bytes()
    lines = golden_lines()
    mirror = Published(lines[:16])
    changed = mirror.lines[15]["event"] | change
    mirror.lines[15] |= {"event_sha256": sha256(canonical_json(changed)).hexdigest(), "event": changed}
    write_log(honest, [entry(line) for line in mirror.lines], Signer())
    write(events(honest), b"".join(record(line, mirror.lines) for line in mirror.lines))
    assert (honest / "claims-16.ndjson").read_bytes() == shown
    assert (kind, 16) in places(audit(honest)[0])
